"""Says what is wrong with the file, and what to do about it."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from qwen_router import TracesError

_BUSY = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
_DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


def explain(error: Exception, path: Path) -> TracesError:
    """Return the error for the operator, in a line."""
    if is_busy(error):
        return TracesError(
            f"Another process holds the store of decisions {path}: they aren't stored.",
            "It is tried again; end that process if this goes on.",
        )
    if _code(error) == sqlite3.SQLITE_FULL:
        return TracesError(
            f"There is no room for the store of decisions {path}: they aren't stored.",
            "Free some of the disk, or set traces.path to another one.",
        )
    return TracesError(
        f"The store of decisions {path} can't be written: {error}.",
        "Mend its permissions, set traces.path to another place, or traces.enabled to false.",
    )


def is_busy(error: Exception) -> bool:
    """Say whether another connection writes."""
    return _code(error) in _BUSY


def is_damaged(error: Exception) -> bool:
    """Say whether the file is no database, or one that is broken."""
    return _code(error) in _DAMAGED


def _code(error: Exception) -> int:
    # The extended codes have the primary one in their lowest byte.
    return getattr(error, "sqlite_errorcode", 0) & 0xFF
