"""A disk that is full."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest


@contextmanager
def disk_of(limit: int) -> Iterator[None]:
    """Let no file grow beyond `limit` bytes, as on a disk that is full there."""
    resource = pytest.importorskip("resource", reason="limits on the size of files are POSIX")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
