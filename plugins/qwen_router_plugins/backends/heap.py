"""Makes the C library give a model's memory back to the system."""

from __future__ import annotations

import contextlib
import ctypes
import gc
import sys
from collections.abc import Iterator

# Parameters of mallopt(3).
_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3
_EAGER = 128 * 2**10
"""Bytes; where both thresholds stand when a process starts."""
_LAZY_MMAP, _LAZY_TRIM = 32 * 2**20, 64 * 2**20
"""Bytes; the highest that glibc itself raises them to as large blocks are freed, so that calls reuse their buffers."""


@contextlib.contextmanager
def eager_heap() -> Iterator[None]:
    """Let blocks that are taken inside this block be given back when they are freed, and give back what was freed.

    glibc serves large blocks out of heaps of its own once it has seen some freed, one heap a thread. What is freed at
    the end of a thread's heap stays there up to a threshold that rises too, and `malloc_trim` passes over it: 30 MB a
    heap after each load of a 0.5B GGUF model. Without glibc only the garbage is collected.
    """
    libc = ctypes.CDLL(None) if sys.platform == "linux" else None
    if libc is None or not hasattr(libc, "mallopt") or not hasattr(libc, "malloc_trim"):
        yield
        gc.collect()
        return
    libc.mallopt(_MMAP_THRESHOLD, _EAGER)
    libc.mallopt(_TRIM_THRESHOLD, _EAGER)
    try:
        yield
        gc.collect()
        libc.malloc_trim(0)
    finally:
        libc.mallopt(_MMAP_THRESHOLD, _LAZY_MMAP)
        libc.mallopt(_TRIM_THRESHOLD, _LAZY_TRIM)
