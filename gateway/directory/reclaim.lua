-- Renew a session's nick claim: after a change of the session id, or if Redis may have lost the claim.
-- KEYS: {nick:name}
-- ARGV: session id, its previous session id or '', its token or '' for a new one, then field/value pairs of
--       the profile
-- Returns the claim's token, or {holder's session id} if another session holds the nick.
local holder = redis.call('HMGET', KEYS[1], 'sid', 'token')
if holder[1] == ARGV[1] and holder[2] then return holder[2] end
if holder[1] and holder[1] ~= ARGV[1] and holder[1] ~= ARGV[2] then return {holder[1]} end
local token = ARGV[3]
if token == '' then
  local now = redis.call('TIME')
  token = now[1] .. string.format('%06d', tonumber(now[2]))
end
redis.call('HSET', KEYS[1], 'sid', ARGV[1], 'token', token, unpack(ARGV, 4))
redis.call('PUBLISH', KEYS[1] .. ':live', cjson.encode(redis.call('HGETALL', KEYS[1])))
return token
