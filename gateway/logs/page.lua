-- Read a page of a log for history.
-- KEYS: log
-- ARGV: XRANGE or XREVRANGE, the two ends of the range in that command's order, maximum number of entries
-- Returns {entries, whether there may be more}.
-- A page has at most BYTES, but at least one entry if there is one. So a hundred entries of 64 KB neither block
-- Redis or a lane, nor exceed client-output-buffer-limit. For the same reason it is read in steps.
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
