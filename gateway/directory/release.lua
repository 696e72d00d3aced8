-- Frees a nick if the session still holds it, and remembers who had it.
-- KEYS: {nick:name}; ARGV: session id
if redis.call('HGET', KEYS[1], 'sid') ~= ARGV[1] then return 0 end
return redis.call('DEL', KEYS[1])
