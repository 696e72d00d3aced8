-- Renew a gateway's lease, and return at most one gateway with an expired lease for reaping.
-- KEYS: gateways (zset: id by end of the lease), reaping (hash: id to the end of its reservation),
--       beat (hash: born = the first beat, at = the newest beat of any gateway, hold = no gateway is
--       overdue before this time); all in ms of TIME
-- ARGV: own id, lease in ms, own last beat or '0', reservation in ms, then all gateways at that beat
-- Returns {'new' | 'renewed' | 'gone', overdue id or '', now, all gateways}. 'gone': this gateway was
-- reaped, or reaping has begun. A gone id is never used again, because the rooms' logs say that it is gone.
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
local me, lease = ARGV[1], tonumber(ARGV[2])
local beat = redis.call('HMGET', KEYS[3], 'at', 'hold', 'born')
local at, hold, born = tonumber(beat[1] or 0), tonumber(beat[2] or 0), tonumber(beat[3] or now)

local known, last_beat = redis.call('ZSCORE', KEYS[1], me), tonumber(ARGV[3])
-- If the records began after the own last beat, Redis was wiped since. Then a missing lease proves nothing.
local wiped = last_beat > 0 and born > last_beat
if redis.call('HEXISTS', KEYS[2], me) == 1 or (not known and last_beat > 0 and not wiped) then
  return {'gone', '', now, {}}
end
redis.call('ZADD', KEYS[1], string.format('%.0f', now + lease), me)
-- After a wipe all gateways get a lease again, so that those which have ended meanwhile are reaped.
if wiped then
  for place = 5, #ARGV do
    redis.call('ZADD', KEYS[1], 'NX', string.format('%.0f', now + lease), ARGV[place])
  end
end

-- If no gateway has beaten for a while, Redis was unavailable, not the gateways: all get a full lease.
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
-- A gateway that knows of no own beat is new, also if the answer to its first beat was lost.
return {known and last_beat > 0 and not wiped and 'renewed' or 'new', found, now, redis.call('ZRANGE', KEYS[1], 0, -1)}
