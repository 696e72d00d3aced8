-- Appends one entry to a log and publishes it, atomically. Kept this small because Redis is the one
-- part that all gateways share.
-- KEYS: log, head
-- ARGV: epoch expected ('' for a log loaded as empty, '*' for any that exists), origin, payload,
--       live channel ('' where the lane publishes itself, later), a random name for the epoch of a log that is made now ("random:born:made:rank",
--       see seed.lua)
-- Returns the entry's stream id, {id, its predecessor's, epoch} where it is not published; or {epoch} of the log when it is not the one expected.
local EXPIRY_S = 30 * 24 * 3600
local head = redis.call('HMGET', KEYS[2], 'epoch', 'last')
local epoch, last = head[1], head[2]
if not epoch then
  if ARGV[1] ~= '' then return {''} end
  local time = redis.call('TIME')
  local now = time[1] .. string.format('%06d', time[2])
  epoch = ARGV[5] .. ':' .. now .. ':' .. now .. ':0-0'
elseif ARGV[1] ~= epoch and ARGV[1] ~= '*' then
  return {epoch}
end
local id = redis.call('XADD', KEYS[1], '*', 'o', ARGV[2], 'e', ARGV[3])
if last then
  redis.call('HSET', KEYS[2], 'last', id)
else
  last = '0-0'
  redis.call('HSET', KEYS[2], 'epoch', epoch, 'last', id)
  for _, key in ipairs(KEYS) do redis.call('EXPIRE', key, EXPIRY_S) end -- its followers put that off
end
if ARGV[4] == '' then return {id, last, epoch} end
redis.call('PUBLISH', ARGV[4], id .. ' ' .. last .. ' ' .. epoch .. ' ' .. ARGV[2] .. '\n' .. ARGV[3])
return id
