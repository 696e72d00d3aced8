-- Restore a room's state in a Redis that has lost it, as the base under all newer entries and snapshots.
-- KEYS: log, head, base
-- ARGV: the epoch of the state, its position (a stream id), its text, the random part of the new epoch, live
--       channel
-- An epoch is "random:born:made:rank", times in us: the creation of the room (a seed inherits it), the creation
-- of this epoch, and the position of the state that it was created from (0-0: from nothing). In its first
-- minute an epoch is replaced by a state of an older room, or by a later state of the same room. After that
-- it is not replaced.
-- Returns the current epoch.
local WINDOW_US, EXPIRY_S = 60 * 1000000, 30 * 24 * 3600
local function parts(epoch)
  local born, made, rank = string.match(epoch, '^[^:]*:(%d+):(%d+):(%d+%-%d+)$')
  return tonumber(born or 0), tonumber(made or 0), rank or '0-0'
end
local function before(a, b)
  local am, as = string.match(a, '^(%d+)-(%d+)$')
  local bm, bs = string.match(b, '^(%d+)-(%d+)$')
  am, as, bm, bs = tonumber(am), tonumber(as), tonumber(bm), tonumber(bs)
  return am < bm or (am == bm and as < bs)
end
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000000 + tonumber(time[2])
local born, made, rank = parts(ARGV[1])
if rank == '0-0' or now - made >= WINDOW_US then rank = ARGV[2] end
local head = redis.call('HMGET', KEYS[2], 'epoch', 'last')
local epoch, last, position = head[1], head[2], '0-0'
if epoch then
  local its_born, its_made, its_rank = parts(epoch)
  local is_better = born < its_born or (born == its_born and before(its_rank, rank))
  if now - its_made >= WINDOW_US or not is_better then return epoch end
else
  last, position = ARGV[2], ARGV[2]
  if last ~= '0-0' then redis.call('XADD', KEYS[1], last, 'o', '', 'e', '') end -- later ids are higher
end
epoch = string.format('%s:%.0f:%.0f:%s', ARGV[4], born, now, rank)
redis.call('HSET', KEYS[2], 'epoch', epoch, 'last', last)
redis.call('SET', KEYS[3], '1 ' .. epoch .. ' ' .. position .. '\n' .. ARGV[3])
for _, key in ipairs(KEYS) do redis.call('EXPIRE', key, EXPIRY_S) end
-- Lanes that follow the room see the new epoch in this message and reload the log.
redis.call('PUBLISH', ARGV[5], '0-0 - ' .. epoch .. ' -\n')
return epoch
