-- Says how long a log is kept without anybody who follows it.
-- KEYS: log, head, base, void
-- ARGV: seconds, the stream id that the log must end with ('' for any)
-- Returns 1 where that is so.
if ARGV[2] ~= '' and redis.call('HGET', KEYS[2], 'last') ~= ARGV[2] then return 0 end
for _, key in ipairs(KEYS) do redis.call('EXPIRE', key, ARGV[1]) end
return 1
