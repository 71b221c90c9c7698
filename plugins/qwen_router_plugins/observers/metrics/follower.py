"""Counts the calls that routers put into the store of decisions, as they come."""

from __future__ import annotations

import logging
import time
from pathlib import Path

from qwen_router import InputError, TracesError, errors
from qwen_router.traces import Trace, TraceStore
from qwen_router_plugins.observers.metrics.meters import Meters
from qwen_router_plugins.observers.metrics.past import events_of

_log = logging.getLogger(__name__)
_EVERY = 1.0
"""Seconds between two looks."""
_LONGEST_CALL = 3600.0
"""Seconds that a call may take and still be found: rows are written when it ends, and dated when it began."""


class Follower:
    """Counts from now on: what is older would look like new calls whenever this process starts again.

    Args:
        path: The store; it may be made later.
    """

    def __init__(self, path: Path, meters: Meters) -> None:
        self._path, self._meters, self._said = path, meters, False
        self._last, self._newest = 0, 0.0
        for trace in self._rows(count=False):
            self._last, self._newest = trace.id or 0, trace.created

    def follow(self) -> None:
        """Count until this process ends."""
        while True:
            self.look()
            time.sleep(_EVERY)

    def look(self) -> None:
        """Count what has come since the last look."""
        for trace in self._rows(count=True):
            self._last, self._newest = trace.id or 0, max(self._newest, trace.created)

    def _rows(self, *, count: bool) -> list[Trace]:
        """Return the rows that are new, counted; or the newest one alone."""
        try:
            if not self._path.exists():
                return []
            with TraceStore(self._path) as store:
                newest = list(store.read(last=1))
                if not count or not newest:
                    return newest
                if (newest[0].id or 0) < self._last:
                    # Somebody has removed the store, and a router has made another.
                    self._last, self._newest = 0, 0.0
                new = [t for t in store.read(since=self._newest - _LONGEST_CALL) if (t.id or 0) > self._last]
                for trace in new:
                    self._count(store, trace)
                return new
        except TracesError as error:
            if not self._said:
                self._said = True
                _log.warning("Some calls aren't counted. %s", error)
            return []

    def _count(self, store: TraceStore, trace: Trace) -> None:
        for event in events_of(store.decision(trace)):
            self._meters.tell(event)
        if trace.status != "failed":
            self._meters.ended(trace.status, trace.seconds)
            return
        kind = getattr(errors, trace.kind, Exception)
        self._meters.failed(trace.kind, trace.seconds, callers=issubclass(kind, InputError))
