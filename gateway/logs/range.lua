-- Reads a page of a log: the way to load a replica from nothing and to mend one with a gap.
-- KEYS: log, head, base
-- ARGV: stream id to read from, inclusive ('' to begin with the base), entries at most
-- Returns {epoch, last, base or '', entries, whether there may be more}; epoch is '' for a log that does not exist.
-- A page ends at BYTES too, for replies count against client-output-buffer-limit: one above it could never be read.
-- It has two entries at least if there are two: the first may be where the reader stands.
-- The base comes only when it was asked for, or when it is ahead of the id to read from.
local BYTES = 128 * 1024
local head = redis.call('HMGET', KEYS[2], 'epoch', 'last')
if not head[1] then return {'', '', '', {}, 0} end
local from, base = ARGV[1], ''
if from == '' then
  base = redis.call('GET', KEYS[3]) or ''
  from = string.match(base, '^%d+ %S+ (%S+)\n') or '-'
end
local entries = redis.call('XRANGE', KEYS[1], from, '+', 'COUNT', ARGV[2])
local page, size = {}, 0
for place, entry in ipairs(entries) do
  size = size + #(entry[2][4] or '')
  if size > BYTES and place > 2 then return {head[1], head[2], base, page, 1} end
  page[place] = entry
end
return {head[1], head[2], base, page, #page >= tonumber(ARGV[2]) and 1 or 0}
