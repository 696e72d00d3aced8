-- Reads a page of a log for a reader of its history.
-- KEYS: log
-- ARGV: XRANGE or XREVRANGE, the ends of the range as that takes them, entries at most
-- Returns {entries, whether there may be more}.
-- A page ends at BYTES too, but has one entry at least if there is one: neither Redis nor a lane is to be held up by
-- a hundred entries of 64 KB, nor is the link's client-output-buffer-limit to be reached. So it is read in steps, too.
local BYTES, STEP = 128 * 1024, 16
local from, limit = ARGV[2], tonumber(ARGV[4])
local page, size = {}, 0
while #page < limit do
  local wanted = math.min(STEP, limit - #page)
  local entries = redis.call(ARGV[1], KEYS[1], from, ARGV[3], 'COUNT', wanted)
  for _, entry in ipairs(entries) do
    size = size + #(entry[2][4] or '')
    if size > BYTES and #page > 0 then return {page, 1} end
    page[#page + 1] = entry
  end
  if #entries < wanted then return {page, 0} end
  from = '(' .. entries[#entries][1]
end
return {page, 1}
