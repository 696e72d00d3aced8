-- Release a nick and publish that, if the session still holds it.
-- KEYS: {nick:name}; ARGV: session id
-- Returns 1 if it was released.
if redis.call('HGET', KEYS[1], 'sid') ~= ARGV[1] then return 0 end
redis.call('DEL', KEYS[1])
redis.call('PUBLISH', KEYS[1] .. ':live', '')
return 1
