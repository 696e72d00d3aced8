-- Write a replica's snapshot, and trim the log before it.
-- KEYS: log, head, base, rejected
-- ARGV: epoch, stream id of the snapshot, its text ("format epoch id\n..."), maximum entries, bytes and age in ms
--       of the log, the gateway's clock in ms
-- Returns 1 if the snapshot was written, 0 if the epoch differs or there is a newer snapshot.
local EXPIRY_S = 30 * 24 * 3600
-- The maximum that one call trims, so that it does not block Redis; more than is appended between two snapshots.
local TRIM_ENTRIES, TRIM_BYTES, STEP = 2048, 16 * 1024 * 1024, 32
local ENTRY_OVERHEAD = 32
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
redis.call('SET', KEYS[3], ARGV[3], 'EX', EXPIRY_S)
-- An entry is trimmed if it is too old, or too many entries or bytes follow it, but never past the snapshot. The
-- earlier of the two clocks counts: a step of one clock must not make the whole history too old.
local time = redis.call('TIME')
local now = math.min(tonumber(time[1]) * 1000, tonumber(ARGV[7]))
local oldest = string.format('%.0f-0', math.max(0, now - tonumber(ARGV[6])))
local surplus = redis.call('XLEN', KEYS[1]) - tonumber(ARGV[4])
local used = redis.pcall('MEMORY', 'USAGE', KEYS[1], 'SAMPLES', 0) -- an error if the user lacks the permission
local excess = (type(used) == 'number' and used or 0) - tonumber(ARGV[5])
local from, keep, entries, bytes = '-', nil, 0, 0
while not keep do
  local page = redis.call('XRANGE', KEYS[1], from, '+', 'COUNT', STEP)
  for _, entry in ipairs(page) do
    local id, size = entry[1], #(entry[2][2] or '') + #(entry[2][4] or '') + ENTRY_OVERHEAD
    local may_go = before(id, ARGV[2]) and entries < TRIM_ENTRIES and bytes < TRIM_BYTES
    if not may_go or not (surplus > 0 or excess > 0 or before(id, oldest)) then
      keep = id
      break
    end
    entries, bytes, surplus, excess = entries + 1, bytes + size, surplus - 1, excess - size
  end
  if #page < STEP then break end
  from = '(' .. page[#page][1]
end
keep = keep or ARGV[2]
if entries > 0 and redis.call('XTRIM', KEYS[1], 'MINID', keep) > 0 then
  for _, mark in ipairs(redis.call('SMEMBERS', KEYS[4])) do
    if before(string.match(mark, '^(%d+%-%d+)'), keep) then redis.call('SREM', KEYS[4], mark) end
  end
end
return 1
