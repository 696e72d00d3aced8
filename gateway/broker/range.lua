-- Reads a page of a log: the way to load a replica from nothing and to mend one with a gap.
-- KEYS: log, head, base
-- ARGV: stream id to read from, inclusive ('' to begin with the base), entries at most
-- Returns {epoch, last, base or '', entries}; epoch is '' for a log that does not exist.
-- The base comes only when it was asked for, or when it is ahead of the id to read from.
local head = redis.call('HMGET', KEYS[2], 'epoch', 'last')
if not head[1] then return {'', '', '', {}} end
local from, base = ARGV[1], ''
if from == '' then
  base = redis.call('GET', KEYS[3]) or ''
  from = string.match(base, '^%d+ %S+ (%S+)\n') or '-'
end
local entries = redis.call('XRANGE', KEYS[1], from, '+', 'COUNT', ARGV[2])
return {head[1], head[2], base, entries}
