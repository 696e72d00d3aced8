-- Set the expiry of a log.
-- KEYS: log, head, base, rejected
-- ARGV: seconds, the stream id at which the log must end ('' for any)
-- Returns 1 if the expiry was set.
if ARGV[2] ~= '' and redis.call('HGET', KEYS[2], 'last') ~= ARGV[2] then return 0 end
for _, key in ipairs(KEYS) do redis.call('EXPIRE', key, ARGV[1]) end
return 1
