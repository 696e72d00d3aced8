-- Remove a lane from the set of lanes that may need a reaper, if it has no rooms, no nicks and no inbox.
-- KEYS: reapable, the lane's rooms, its nicks, its inbox's head; ARGV: lane id
-- Returns 1 if it was removed.
if redis.call('EXISTS', KEYS[2], KEYS[3], KEYS[4]) > 0 then return 0 end
return redis.call('SREM', KEYS[1], ARGV[1])
