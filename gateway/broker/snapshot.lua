-- Writes a replica's snapshot and trims the log behind it.
-- KEYS: log, head, base, void
-- ARGV: epoch, stream id of the snapshot, its text ("format epoch id\n..."), entries to keep, age to
--       keep in ms
-- Returns 1 when taken, 0 when another epoch reigns or a newer snapshot is there.
local function before(a, b)
  local am, as = string.match(a, '^(%d+)-(%d+)$')
  local bm, bs = string.match(b, '^(%d+)-(%d+)$')
  am, as, bm, bs = tonumber(am), tonumber(as), tonumber(bm), tonumber(bs)
  return am < bm or (am == bm and as < bs)
end
if redis.call('HGET', KEYS[2], 'epoch') ~= ARGV[1] then return 0 end
local old = redis.call('GET', KEYS[3])
if old then
  local epoch, id = string.match(old, '^%d+ (%S+) (%S+)\n')
  if epoch == ARGV[1] and not before(id, ARGV[2]) then return 0 end
end
redis.call('SET', KEYS[3], ARGV[3])
-- An entry goes when it is too old or too far back, but never past the snapshot.
local now = redis.call('TIME')
local limit = string.format('%.0f-0', tonumber(now[1]) * 1000 - tonumber(ARGV[5]))
local surplus = math.min(redis.call('XLEN', KEYS[1]) - tonumber(ARGV[4]), 4096)
if surplus > 0 then
  local first = redis.call('XRANGE', KEYS[1], '-', '+', 'COUNT', surplus + 1)
  local oldest_kept = first[#first][1]
  if before(limit, oldest_kept) then limit = oldest_kept end
end
if before(ARGV[2], limit) then limit = ARGV[2] end
if redis.call('XTRIM', KEYS[1], 'MINID', limit) > 0 then
  for _, mark in ipairs(redis.call('SMEMBERS', KEYS[4])) do
    if before(string.match(mark, '^(%d+%-%d+)'), limit) then redis.call('SREM', KEYS[4], mark) end
  end
end
return 1
