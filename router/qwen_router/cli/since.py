"""Reads a time that people write: how long ago, or a date."""

from __future__ import annotations

import re
from datetime import datetime

from qwen_router.errors import InputError

_AGO = re.compile(r"([0-9]+)([mhdw])")
_SECONDS = {"m": 60.0, "h": 3_600.0, "d": 86_400.0, "w": 604_800.0}


def read_since(text: str, now: float) -> float:
    """Return the Unix time in seconds of `30m`, `6h`, `1d`, `2w` before `now`, or of an ISO date in local time.

    Raises:
        InputError: It is none of these.
    """
    if found := _AGO.fullmatch(text):
        return max(0.0, now - int(found[1]) * _SECONDS[found[2]])
    try:
        return datetime.fromisoformat(text).timestamp()
    except (ValueError, OverflowError, OSError):
        raise InputError(
            f"--since {text} is no time.", "Write it like 30m, 6h, 1d or 2w, or a date like 2026-01-31."
        ) from None
