"""Keeps accounts in Redis or Valkey, for every process that uses the same server."""

from __future__ import annotations

from typing import Any

from qwen_router_plugins.guards.quota.account import Claim, Shortage

# Braces: in a cluster, one script may only touch keys of one slot.
_PREFIX = "{qwen-router}:quota:"

# Each account is a sorted set of entries by the time they run out, and a hash of their amounts. The server's clock
# counts, so that those of the processes needn't agree.
_NOW = """
local clock = redis.call('TIME')
local now = clock[1] + clock[2] / 1000000
"""
_RESERVE = (
    _NOW
    + """
local entry, seconds = ARGV[1], tonumber(ARGV[2])
for i = 1, #KEYS, 2 do
    local amount, limit = tonumber(ARGV[i + 2]), tonumber(ARGV[i + 3])
    local gone = redis.call('ZRANGEBYSCORE', KEYS[i], '-inf', now)
    for _, id in ipairs(gone) do
        redis.call('ZREM', KEYS[i], id)
        redis.call('HDEL', KEYS[i + 1], id)
    end
    local taken = 0
    for _, size in ipairs(redis.call('HVALS', KEYS[i + 1])) do taken = taken + size end
    if taken + amount > limit then
        local left, wait = taken, 0
        local entries = redis.call('ZRANGE', KEYS[i], 0, -1, 'WITHSCORES')
        for j = 1, #entries, 2 do
            left = left - redis.call('HGET', KEYS[i + 1], entries[j])
            if left + amount <= limit then
                wait = entries[j + 1] - now
                break
            end
        end
        return {(i + 1) / 2, taken, tostring(wait)}
    end
end
for i = 1, #KEYS, 2 do
    redis.call('ZADD', KEYS[i], now + seconds, entry)
    redis.call('HSET', KEYS[i + 1], entry, ARGV[i + 2])
    redis.call('EXPIRE', KEYS[i], math.ceil(seconds) + 1)
    redis.call('EXPIRE', KEYS[i + 1], math.ceil(seconds) + 1)
end
return {}
"""
)
_SETTLE = (
    _NOW
    + """
local entry, seconds = ARGV[1], tonumber(ARGV[2])
for i = 1, #KEYS, 2 do
    local amount = tonumber(ARGV[(i + 1) / 2 + 2])
    if amount == 0 then
        redis.call('ZREM', KEYS[i], entry)
        redis.call('HDEL', KEYS[i + 1], entry)
    else
        redis.call('ZADD', KEYS[i], now + seconds, entry)
        redis.call('HSET', KEYS[i + 1], entry, amount)
        for _, key in ipairs({KEYS[i], KEYS[i + 1]}) do
            if redis.call('TTL', key) < seconds then redis.call('EXPIRE', key, math.ceil(seconds) + 1) end
        end
    end
end
"""
)


class RedisLedger:
    """A `Ledger` for every process that uses the server.

    Args:
        client: A client of `redis` or `valkey`.
    """

    def __init__(self, client: Any) -> None:
        self._reserve = client.register_script(_RESERVE)
        self._settle = client.register_script(_SETTLE)

    def reserve(self, entry: str, claims: list[Claim], seconds: float) -> Shortage | None:
        """Take all the claims or none."""
        numbers = [number for claim in claims for number in (claim.amount, claim.limit)]
        short = self._reserve(keys=_keys([c.account for c in claims]), args=[entry, seconds, *numbers])
        if not short:
            return None
        which, taken, wait = short
        return Shortage(claims[which - 1], taken, float(wait))

    def settle(self, entry: str, amounts: dict[str, int], seconds: float) -> None:
        """Replace what the entry takes."""
        self._settle(keys=_keys(list(amounts)), args=[entry, seconds, *amounts.values()])


def _keys(accounts: list[str]) -> list[str]:
    return [f"{_PREFIX}{account}:{part}" for account in accounts for part in ("ends", "amounts")]
