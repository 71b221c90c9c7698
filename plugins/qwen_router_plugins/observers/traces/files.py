"""Opens the file of the store, and moves a damaged one out of the way."""

from __future__ import annotations

import contextlib
import logging
import os
import sqlite3
from pathlib import Path

from filelock import FileLock, Timeout

from qwen_router.traces import prepare

_log = logging.getLogger(__name__)
_PAGES = 20_000
"""Pages of the log after which a call itself moves them into the file: the janitor does so long before."""
_PATIENCE = 0.25


def open_file(path: Path, *, patience: float) -> sqlite3.Connection:
    """Open the file, for any thread; make it where there is none, readable for nobody else.

    Args:
        patience: Seconds to wait for another process.

    Raises:
        TracesError: It is a newer version's or another program's.
        sqlite3.Error: It can't be opened, or is damaged.
        OSError: Its directory can't be made.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with contextlib.suppress(FileExistsError):
        # Never one that exists: to close it would drop the locks that this process has on it.
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
    file = sqlite3.connect(path, timeout=patience, isolation_level=None, check_same_thread=False)
    try:
        prepare(file, path)
        file.execute("pragma synchronous = normal")
        file.execute(f"pragma wal_autocheckpoint = {_PAGES}")
        file.execute("pragma busy_timeout = 0")
    except BaseException:
        file.close()
        raise
    return file


def move_aside(path: Path, inode: int, error: Exception) -> None:
    """Move a damaged file to `PATH.damaged`, unless another process has done so.

    Args:
        inode: The file that was found to be damaged; 0 where it couldn't even be opened.

    Raises:
        OSError: It can't be moved.
    """
    try:
        with FileLock(f"{path}.lock", timeout=_PATIENCE):
            if (inode and path.stat().st_ino != inode) or (not inode and _is_sound(path)):
                return
            for suffix in ("-shm", "-wal", ""):
                with contextlib.suppress(FileNotFoundError):
                    os.replace(f"{path}{suffix}", f"{path}.damaged{suffix}")
    except Timeout:
        raise OSError("another process moves the damaged file away") from None
    _log.warning("The store of decisions was damaged (%s). It is now %s.damaged, and a new one begins.", error, path)


def _is_sound(path: Path) -> bool:
    try:
        open_file(path, patience=_PATIENCE).close()
    except sqlite3.DatabaseError:
        return False
    return True
