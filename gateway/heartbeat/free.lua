-- Release a nick if a session of this gateway holds it. A session of another gateway may hold it by now.
-- KEYS: {nick:name}; ARGV: gateway id
-- Returns 1 if it was released.
if redis.call('HGET', KEYS[1], 'gateway') ~= ARGV[1] then return 0 end
redis.call('DEL', KEYS[1])
redis.call('PUBLISH', KEYS[1] .. ':live', '')
return 1
