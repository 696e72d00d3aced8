-- Append one entry to a log and publish it, atomically. The script is small because all gateways share Redis.
-- KEYS: log, head
-- ARGV: expected epoch ('' for a log that was loaded as not existing, '*' for any existing log), origin,
--       payload, live channel ('' if the lane publishes the entry itself later), the random part of the epoch
--       of a new log ("random:born:made:rank", see seed.lua)
-- Returns the entry's stream id; {id, its predecessor's id, epoch} without publishing; or {epoch} of the log
-- if it is not the expected one, {''} if there is no log.
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
  for _, key in ipairs(KEYS) do redis.call('EXPIRE', key, EXPIRY_S) end -- lanes that follow the log renew this
end
if ARGV[4] == '' then return {id, last, epoch} end
redis.call('PUBLISH', ARGV[4], id .. ' ' .. last .. ' ' .. epoch .. ' ' .. ARGV[2] .. '\n' .. ARGV[3])
return id
