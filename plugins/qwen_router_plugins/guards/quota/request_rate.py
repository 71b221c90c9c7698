"""Counts requests in a moving window."""

from __future__ import annotations

import time

from limits import RateLimitItem, RateLimitItemPerMinute
from limits.storage import MovingWindowSupport, Storage
from limits.strategies import MovingWindowRateLimiter

from qwen_router_plugins.guards.quota.claims import account_of


class RequestRate:
    """Requests a minute, any minute, of each user and of all.

    Args:
        storage: Where the library `limits` counts.
    """

    def __init__(self, storage: Storage) -> None:
        assert isinstance(storage, MovingWindowSupport)
        self._limiter = MovingWindowRateLimiter(storage)

    def take(self, user: str, per_user: int, total: int) -> float | None:
        """Count a request, or return the seconds until one more is allowed.

        Args:
            per_user: The limit for the user; 0 is none.
            total: The limit for all together.
        """
        items = [
            (RateLimitItemPerMinute(limit), scope)
            for limit, scope in ((per_user, account_of(user)), (total, "total"))
            if limit
        ]
        # Look first: what one limit has counted isn't given back when the other refuses.
        for item, scope in items if len(items) > 1 else ():
            if not self._limiter.test(item, "qwen-router", scope):
                return self._wait(item, scope)
        for item, scope in items:
            if not self._limiter.hit(item, "qwen-router", scope):
                return self._wait(item, scope)
        return None

    def _wait(self, item: RateLimitItem, scope: str) -> float:
        return max(0.0, self._limiter.get_window_stats(item, "qwen-router", scope).reset_time - time.time())
