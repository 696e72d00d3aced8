-- Claim a nick for a session. A claim has no TTL: its holder releases it, or the reaper of its gateway.
-- KEYS: {nick:name}
-- ARGV: session id, then field/value pairs of the profile
-- Returns the claim's token (Redis's clock in us), or {holder's session id} if another session holds the nick.
local holder = redis.call('HGET', KEYS[1], 'sid')
if holder and holder ~= ARGV[1] then return {holder} end
local now = redis.call('TIME')
local token = now[1] .. string.format('%06d', tonumber(now[2]))
redis.call('HSET', KEYS[1], 'sid', ARGV[1], 'token', token, unpack(ARGV, 2))
return token
