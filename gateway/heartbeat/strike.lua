-- Strikes a lane off those that have noted something, unless it has by now done so again.
-- KEYS: noted, the lane's rooms, its nicks, its inbox's head; ARGV: lane id
if redis.call('EXISTS', KEYS[2], KEYS[3], KEYS[4]) > 0 then return 0 end
return redis.call('SREM', KEYS[1], ARGV[1])
