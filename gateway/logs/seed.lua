-- Puts a room's state back into a Redis that has lost it: as the base under all that is there since, snapshots or not.
-- KEYS: log, head, base
-- ARGV: the epoch that the state belongs to, its position (a stream id), its text, a random name for
--       the new epoch, live channel
-- An epoch is "random:born:made:rank", times in us: when the room began (a seed inherits it), when this
-- epoch did, and the position of the state that it was made from (0-0: from nothing). In its first minute it
-- yields to a state of an older room, and of the same room to one that is further on; then it stays.
-- Returns the epoch that reigns now.
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
  if last ~= '0-0' then redis.call('XADD', KEYS[1], last, 'o', '', 'e', '') end -- what follows has higher ids
end
epoch = string.format('%s:%.0f:%.0f:%s', ARGV[4], born, now, rank)
redis.call('HSET', KEYS[2], 'epoch', epoch, 'last', last)
redis.call('SET', KEYS[3], '1 ' .. epoch .. ' ' .. position .. '\n' .. ARGV[3])
for _, key in ipairs(KEYS) do redis.call('EXPIRE', key, EXPIRY_S) end
-- Whoever follows the room sees by this that its epoch is another, and reads it again.
redis.call('PUBLISH', ARGV[5], '0-0 - ' .. epoch .. ' -\n')
return epoch
