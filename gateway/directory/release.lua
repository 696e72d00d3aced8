-- Frees a nick if the session still holds it, and tells who watches it.
-- KEYS: {nick:name}; ARGV: session id
if redis.call('HGET', KEYS[1], 'sid') ~= ARGV[1] then return 0 end
redis.call('DEL', KEYS[1])
redis.call('PUBLISH', KEYS[1] .. ':live', '')
return 1
