-- Renews a gateway's lease and hands out at most one gateway whose lease is over, for reaping.
-- KEYS: gateways (zset, id by lease expiry), reaping (hash, id to end of its reservation),
--       beat (hash: born = the first beat, at = the newest beat of anyone, hold = until when nobody is
--       overdue); all in ms of TIME
-- ARGV: my id, lease in ms, when I have beaten last or '0', reservation in ms, then the gateways that there were then
-- Returns {'new' | 'renewed' | 'gone', overdue id or '', now, all gateways}. 'gone': I was reaped, or somebody has begun to; an
-- id that is gone never comes back, as the rooms' logs already say so.
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
local me, lease = ARGV[1], tonumber(ARGV[2])
local beat = redis.call('HMGET', KEYS[3], 'at', 'hold', 'born')
local at, hold, born = tonumber(beat[1] or 0), tonumber(beat[2] or 0), tonumber(beat[3] or now)

local known, beaten = redis.call('ZSCORE', KEYS[1], me), tonumber(ARGV[3])
-- Where the records began after my last beat, this Redis was wiped since: then my absence says nothing.
local wiped = beaten > 0 and born > beaten
if redis.call('HEXISTS', KEYS[2], me) == 1 or (not known and beaten > 0 and not wiped) then
  return {'gone', '', now, {}}
end
redis.call('ZADD', KEYS[1], string.format('%.0f', now + lease), me)
-- After a wipe all have a lease again, so that somebody reaps those that have ended with it.
if wiped then
  for place = 5, #ARGV do
    redis.call('ZADD', KEYS[1], 'NX', string.format('%.0f', now + lease), ARGV[place])
  end
end

-- Where nobody could beat for a while, Redis was away, not the gateways: all get a full lease to come back.
if at > 0 and now - at > lease / 2 then hold = now + lease end
redis.call('HSET', KEYS[3], 'at', string.format('%.0f', now), 'hold', string.format('%.0f', hold),
  'born', string.format('%.0f', born))

local found = ''
if now >= hold then
  for _, id in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', '(' .. string.format('%.0f', now))) do
    local reserved = redis.call('HGET', KEYS[2], id)
    if not reserved or tonumber(reserved) < now then
      redis.call('HSET', KEYS[2], id, string.format('%.0f', now + tonumber(ARGV[4])))
      found = id
      break
    end
  end
end
-- Who knows of no beat of its own is new, also where the answer to its first was lost.
return {known and beaten > 0 and not wiped and 'renewed' or 'new', found, now, redis.call('ZRANGE', KEYS[1], 0, -1)}
