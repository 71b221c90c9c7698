"""Watches what this process takes beside its models."""

from __future__ import annotations

import psutil


class Growth:
    """Resident memory since this object was made."""

    def __init__(self) -> None:
        self._process = psutil.Process()
        self._start = self.resident

    @property
    def resident(self) -> int:
        """Bytes of RAM that the process takes now."""
        return int(self._process.memory_info().rss)

    def beside(self, models: int) -> int:
        """Return the bytes gained since the start.

        Args:
            models: Bytes that are reserved for loaded models: those aren't counted.
        """
        return max(0, self.resident - self._start - models)
