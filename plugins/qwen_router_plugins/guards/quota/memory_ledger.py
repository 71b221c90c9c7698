"""Keeps accounts in this process."""

from __future__ import annotations

import threading
import time
from collections import defaultdict

from qwen_router_plugins.guards.quota.account import Claim, Shortage

_SWEEP_SECONDS = 60.0
"""Between two looks for accounts that nobody uses any more."""


class MemoryLedger:
    """A `Ledger` for the threads of one process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        # Account to entry to (when it runs out, amount).
        self._accounts: defaultdict[str, dict[str, tuple[float, int]]] = defaultdict(dict)
        self._swept = time.monotonic()

    def reserve(self, entry: str, claims: list[Claim], seconds: float) -> Shortage | None:
        """Take all the claims or none."""
        with self._lock:
            now = time.monotonic()
            self._sweep(now)
            for claim in claims:
                taken = sum(amount for _, amount in self._live(claim.account, now))
                if taken + claim.amount > claim.limit:
                    return Shortage(claim, taken, self._wait(claim, taken, now))
            for claim in claims:
                self._accounts[claim.account][entry] = (now + seconds, claim.amount)
        return None

    def settle(self, entry: str, amounts: dict[str, int], seconds: float) -> None:
        """Replace what the entry takes."""
        with self._lock:
            ends = time.monotonic() + seconds
            for account, amount in amounts.items():
                if amount:
                    self._accounts[account][entry] = (ends, amount)
                elif account in self._accounts:
                    self._accounts[account].pop(entry, None)

    def _live(self, account: str, now: float) -> list[tuple[float, int]]:
        """Return what is still taken of an account, what runs out first at the front, and forget the rest."""
        entries = self._accounts.get(account, {})
        for entry in [entry for entry, (ends, _) in entries.items() if ends <= now]:
            del entries[entry]
        return sorted(entries.values())

    def _wait(self, claim: Claim, taken: int, now: float) -> float:
        for ends, amount in self._live(claim.account, now):
            taken -= amount
            if taken + claim.amount <= claim.limit:
                return ends - now
        return 0.0

    def _sweep(self, now: float) -> None:
        if now - self._swept > _SWEEP_SECONDS:
            self._swept = now
            for account in list(self._accounts):
                if not self._live(account, now):
                    del self._accounts[account]
