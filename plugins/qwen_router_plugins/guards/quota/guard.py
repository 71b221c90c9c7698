"""Sets aside what a call may take before it, and takes what it took after it."""

from __future__ import annotations

import threading
import uuid
from collections import defaultdict
from typing import TYPE_CHECKING

from qwen_router import Request, Settings, Usage, Verdict, hookimpl
from qwen_router_plugins.guards.quota.account import Claim, Ledger, Shortage
from qwen_router_plugins.guards.quota.claims import UNITS, claims_of, unit_of

if TYPE_CHECKING:
    from qwen_router_plugins.guards.quota.request_rate import RequestRate

WINDOW = 60.0
"""Seconds that what was taken counts, from the end of the call on."""
_LONGEST_CALL = 3600.0
"""Seconds after which what was set aside for a call is free again whose process has died."""
_BUSY = 1.0
"""Seconds after which to ask again for a place among the concurrent calls: nobody knows when one ends."""


class QuotaGuard:
    """Holds users to `[quota]`: when 100 callers at once claim 10 tokens each of 100, 10 pass.

    Further answers after a rejected one, and the parts of a compound request, are not foreseen: they are charged when
    the call is over, and callers wait until an account has room again.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._parts: tuple[Ledger, RequestRate] | None = None
        # A request may be sent twice at the same time: what was set aside for both is the same.
        self._open: defaultdict[tuple[str, str], list[tuple[str, list[Claim]]]] = defaultdict(list)

    @hookimpl
    def check_request(self, request: Request, settings: Settings) -> Verdict | None:
        """Set aside what the request may take; deny it where that is more than is left, or can't be told."""
        try:
            return self._take(request, settings)
        except Exception as error:
            # The client's own class: its package is there only where it is used.
            if not any(c.__module__ == "redis.exceptions" for c in type(error).__mro__):
                raise
            return Verdict(
                action="deny",
                kind="quota",
                why="The server that counts quotas doesn't answer.",
                fix="Start it, or mend quota.storage.",
                retry_after=_BUSY,
            )

    def _take(self, request: Request, settings: Settings) -> Verdict | None:
        quota = settings.quota
        claims = claims_of(request, settings)
        rates = (quota.user.requests_per_minute, quota.total.requests_per_minute)
        if not claims and not any(rates):
            return None
        for claim in claims:
            if claim.amount > claim.limit:
                return _never(claim)
        ledger, rate = self._open_parts(settings)
        entry = uuid.uuid4().hex
        if claims:
            short = ledger.reserve(entry, claims, _LONGEST_CALL)
            if short is not None:
                return _later(short)
            with self._lock:
                self._open[_key(request)].append((entry, claims))
        wait = rate.take(request.user, *rates)
        if wait is None:
            return None
        self.settle(request, Usage(), settings)
        return _denied("There were too many requests in the last minute.", wait)

    @hookimpl
    def settle(self, request: Request, usage: Usage, settings: Settings) -> None:
        """Give back what the call didn't take, or charge what it took beyond that."""
        with self._lock:
            waiting = self._open.get(_key(request))
            if not waiting:
                return
            entry, claims = waiting.pop()
            if not waiting:
                del self._open[_key(request)]
        taken = {"input": usage.input_tokens, "output": usage.output_tokens, "concurrent": 0}
        ledger, _ = self._open_parts(settings)
        ledger.settle(entry, {claim.account: taken[unit_of(claim)] for claim in claims}, WINDOW)

    def _open_parts(self, settings: Settings) -> tuple[Ledger, RequestRate]:
        with self._lock:
            if self._parts is None:
                # Late: a router without quotas needs no library for them.
                from qwen_router_plugins.guards.quota.storage import open_storage

                self._parts = open_storage(settings.quota.storage)
            return self._parts


def _key(request: Request) -> tuple[str, str]:
    return request.id, request.user


def _never(claim: Claim) -> Verdict:
    noun = UNITS[unit_of(claim)]
    return Verdict(
        action="deny",
        kind="quota",
        why=f"The request may take {claim.amount:,} {noun}; {claim.limit:,} a minute are allowed.",
        fix="Shorten it, ask for fewer tokens (max_new_tokens, thinking_budget), or raise the limit in [quota].",
    )


def _later(short: Shortage) -> Verdict:
    claim, unit = short.claim, unit_of(short.claim)
    if unit == "concurrent":
        return _denied(f"{short.taken:,} calls are running; {claim.limit:,} at the same time are allowed.", _BUSY)
    what = (
        f"The request may take {claim.amount:,} {UNITS[unit]}; "
        f"{max(0, claim.limit - short.taken):,} of {claim.limit:,} a minute are left."
    )
    # What is set aside for a running call is free when that call ends, nobody knows when.
    return _denied(what, min(short.retry_after, WINDOW))


def _denied(why: str, wait: float) -> Verdict:
    return Verdict(
        action="deny",
        kind="quota",
        why=why,
        fix=f"Try again in {wait:.0f} s, or raise the limit in [quota].",
        retry_after=wait,
    )
