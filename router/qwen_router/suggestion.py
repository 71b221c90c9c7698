"""Suggests what somebody may have meant."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


def nearest(name: str, known: Iterable[str], kind: str = "keys") -> str:
    """Return the fix for an unknown name: the known one that is most like it, or all of that kind."""
    names = sorted(known)
    close = difflib.get_close_matches(name, names, n=1)
    return f"Did you mean {close[0]}?" if close else f"Known {kind}: {', '.join(names)}."
