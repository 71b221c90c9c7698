"""Counts the calls in progress, and says which one a thread works for."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from qwen_router.events import Begun, Events, Failed

_request_id: ContextVar[str] = ContextVar("qwen_router_request_id", default="")


def current_request_id() -> str:
    """Return the id of the request that is being answered here; empty outside a call."""
    return _request_id.get()


class InProgress:
    """The calls of one router that are not over.

    Attributes:
        count: How many there are, those that wait for their turn included.
    """

    def __init__(self, events: Events) -> None:
        self._events = events
        self._lock = threading.Lock()
        self.count = 0

    @contextmanager
    def call(self, request_id: str) -> Iterator[Callable[[], None]]:
        """Count a call as long as the block runs, and tell observers when it fails.

        What is yielded is to be called when the call's turn has come.
        """
        came = time.perf_counter()
        token = _request_id.set(request_id)
        self._add(1)
        try:
            yield lambda: self._events.emit(Begun(request_id, time.perf_counter() - came))
        except BaseException as error:
            self._events.emit(Failed(request_id, time.perf_counter() - came, error=error))
            raise
        finally:
            self._add(-1)
            _request_id.reset(token)

    def _add(self, calls: int) -> None:
        with self._lock:
            self.count += calls
