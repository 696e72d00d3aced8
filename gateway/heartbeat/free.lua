-- Frees a nick if a session of this gateway holds it: it may be somebody else's by now.
-- KEYS: {nick:name}; ARGV: gateway id
if redis.call('HGET', KEYS[1], 'gateway') ~= ARGV[1] then return 0 end
redis.call('DEL', KEYS[1])
redis.call('PUBLISH', KEYS[1] .. ':live', '')
return 1
