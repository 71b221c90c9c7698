"""Counts the calls of this process whose spans were lost."""

from __future__ import annotations

import threading
from collections import Counter
from typing import Literal

Reason = Literal["queue_full", "not_sent"]
_lock = threading.Lock()
_counts: Counter[str] = Counter()


def add(calls: int, reason: Reason) -> None:
    """Count some more."""
    with _lock:
        _counts[reason] += calls


def counts() -> dict[str, int]:
    """Return how many there were, by the reason."""
    with _lock:
        return dict(_counts)
