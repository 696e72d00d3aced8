-- Read a page of a log, to load a replica or to repair a gap.
-- KEYS: log, head, base
-- ARGV: first stream id, inclusive ('' to begin at the base), maximum number of entries
-- Returns {epoch, last, base or '', entries, whether there may be more}; epoch is '' for a log that does not exist.
-- A page has at most BYTES, because a reply above client-output-buffer-limit could never be read. It has at
-- least two entries if there are two: the first may be the one at the reader's position.
-- The base is returned only if the page begins there.
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
