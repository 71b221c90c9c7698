"""What every source does with the disk: room, locks, checksums, and errors in plain words."""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from qwen_router.backend import size_on_disk
from qwen_router.errors import WeightsError

CHUNK = 1 << 20
"""Bytes read or written at once."""

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_LOCK_POLL_SECONDS = 0.2


def free_bytes(path: Path) -> int:
    """Return the free bytes of the file system that holds `path`, or will once it is created."""
    while not path.exists() and path != path.parent:
        path = path.parent
    return shutil.disk_usage(path).free


def require_space(directory: Path, needed: int, name: str) -> None:
    """Refuse to begin what can't be finished.

    Raises:
        WeightsError: Fewer than `needed` bytes are free.
    """
    free = free_bytes(directory)
    if needed > free:
        raise WeightsError(
            f"{name} needs {needed:,} bytes in {directory}, where only {free:,} are free.",
            "Free some space, or let weights.cache name a directory on a larger disk.",
        )


@contextmanager
def writing(directory: Path, name: str, needed: int) -> Iterator[None]:
    """Turn what can go wrong on a disk into a `WeightsError` that says what to do."""
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            raise WeightsError(
                f"The disk is full: {name} needs {needed:,} bytes in {directory}, {free_bytes(directory):,} are free.",
                "Free some space, or let weights.cache name a directory on a larger disk.",
            ) from error
        raise WeightsError(
            f"Can't write {name} into {directory}: {error}.",
            "Let weights.cache name a directory that can be written.",
        ) from error


@contextmanager
def locked(target: Path, waiting: Callable[[], None]) -> Iterator[None]:
    """Hold the lock of a file or directory, in this and every other process; call `waiting` again and again until then.

    The lock is the operating system's, so it ends with the process that holds it, however that ends.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    lock = FileLock(target.with_name(f"{target.name}.lock"))
    while True:
        try:
            lock.acquire(timeout=_LOCK_POLL_SECONDS)
            break
        except Timeout:
            waiting()
    try:
        yield
    finally:
        lock.release()


@contextmanager
def unused(target: Path) -> Iterator[None]:
    """Hold the lock of a file or directory that is to be removed.

    Raises:
        WeightsError: Another process holds it.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(target.with_name(f"{target.name}.lock"), timeout=0):
            yield
    except Timeout:
        raise WeightsError(
            f"{target} was not removed: another process is fetching it.", "Wait until it has ended, or stop it."
        ) from None


def remove(path: Path) -> int:
    """Remove a file or a directory and return the bytes it took.

    Raises:
        WeightsError: The system doesn't allow it.
    """
    size = size_on_disk(path)
    try:
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
    except OSError as error:
        raise WeightsError(
            f"Can't remove {path}: {error.strerror}.", "Stop the programs that use it, and check its permissions."
        ) from error
    return size


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def sync_directory(directory: Path) -> None:
    """Make a rename in `directory` survive a power cut, where the system can."""
    if os.name != "posix":
        return
    handle = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
