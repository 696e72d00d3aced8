-- Update the profile of a nick claim and publish it, if the session still holds the nick.
-- KEYS: {nick:name}; ARGV: session id, then field/value pairs
-- Returns 1 if it was updated.
if redis.call('HGET', KEYS[1], 'sid') ~= ARGV[1] then return 0 end
redis.call('HSET', KEYS[1], unpack(ARGV, 2))
redis.call('PUBLISH', KEYS[1] .. ':live', cjson.encode(redis.call('HGETALL', KEYS[1])))
return 1
