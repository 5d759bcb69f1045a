"""Scripts that Redis runs as one step, so that nothing comes between a look at a task and the change after it.

A task is a hash with its ``state`` in JSON, and, as long as it is open, the ``owner``: the id of the replica that runs
it. An open task is kept for a day, which its owner renews.
"""

__all__ = ["LOAD", "RENEW", "SAVE", "SEND", "changed", "inbox", "lease"]

LOAD = """
local state, owner = unpack(redis.call('HMGET', KEYS[1], 'state', 'owner'))
if not state then return false end
local alive = not owner or redis.call('EXISTS', ARGV[1] .. ':lease:' .. owner) == 1
return {state, owner or '', alive and 1 or 0}
"""
"""Return a task, its owner, and whether that lives."""

SAVE = """
local prefix, id, owner, state, open, keep, size, most, most_bytes, judged = unpack(ARGV)
local key, ended, expiring, bytes = unpack(KEYS)
if redis.call('EXISTS', key) == 1 and redis.call('HGET', key, 'owner') ~= owner then return 0 end
if judged == '1' and (redis.call('EXISTS', key) == 0 or redis.call('EXISTS', prefix .. ':lease:' .. owner) == 1) then
    return 0
end

local function drop(member)
    local length, other = string.match(member, '^(%d+) (.*)$')
    redis.call('ZREM', ended, member)
    redis.call('ZREM', expiring, member)
    redis.call('DECRBY', bytes, length)
    redis.call('DEL', prefix .. ':task:' .. other)
end

if keep == '0' then
    redis.call('DEL', key)
elseif open == '1' then
    redis.call('HSET', key, 'state', state, 'owner', owner)
    redis.call('PEXPIRE', key, keep)
else
    redis.call('HSET', key, 'state', state)
    redis.call('HDEL', key, 'owner')
    local time = redis.call('TIME')
    local now = time[1] * 1000 + math.floor(time[2] / 1000)
    for _, member in ipairs(redis.call('ZRANGEBYSCORE', expiring, '-inf', now)) do drop(member) end
    local member = size .. ' ' .. id
    redis.call('ZADD', ended, time[1] + time[2] / 1000000, member)
    if keep == '' then
        redis.call('PERSIST', key)
    else
        redis.call('PEXPIRE', key, keep)
        redis.call('ZADD', expiring, now + keep, member)
    end
    local total, count = redis.call('INCRBY', bytes, size), redis.call('ZCARD', ended)
    while count > tonumber(most) or (total > tonumber(most_bytes) and count > 1) do
        drop(redis.call('ZRANGE', ended, 0, 0)[1])
        total, count = tonumber(redis.call('GET', bytes)), count - 1
    end
end
redis.call('PUBLISH', prefix .. ':changed:' .. id, '')
return 1
"""
"""Keep the state of a task if its owner has it still; say whether.

``keep`` is for how many milliseconds, 0 for not at all, and empty for no limit. With ``judged``, another replica ends
the task because its owner is gone, so the lease must be gone, too.
"""

RENEW = """
local found = {}
for place, key in ipairs(KEYS) do
    local owned = redis.call('HGET', key, 'owner') == ARGV[1]
    if owned then redis.call('EXPIRE', key, ARGV[2]) end
    found[place] = owned and 1 or redis.call('EXISTS', key) == 0 and 0 or -1
end
return found
"""
"""Keep the open tasks of an owner for longer; say for each 1, or 0 if it is not there, or -1 if it has ended."""

SEND = """
local owner = redis.call('HGET', KEYS[1], 'owner')
if not owner then return 1 end
local inbox = ARGV[1] .. ':inbox:' .. owner
if redis.call('LLEN', inbox) >= tonumber(ARGV[3]) then return 0 end
redis.call('RPUSH', inbox, ARGV[2])
redis.call('EXPIRE', inbox, 86400)
redis.call('PUBLISH', inbox, '')
return 1
"""
"""Leave a message for the owner of a task; say whether there was room."""


def lease(prefix: str, replica: str) -> str:
    """Return the key that is there as long as a replica lives."""
    return f"{prefix}:lease:{replica}"


def inbox(prefix: str, replica: str) -> str:
    """Return the key of the messages to a replica, and the channel that tells it of each."""
    return f"{prefix}:inbox:{replica}"


def changed(prefix: str, id: str) -> str:
    """Return the channel that tells of each change of a task."""
    return f"{prefix}:changed:{id}"
