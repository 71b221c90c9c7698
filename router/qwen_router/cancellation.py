"""The caller's wish to stop, carried to whatever is working for the call."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from qwen_router.errors import Cancelled, DeadlineExceeded


class Cancellation:
    """A flag that one call's threads share.

    Args:
        deadline: Seconds from now after which the call counts as late; `None` for never.
    """

    def __init__(self, deadline: float | None = None) -> None:
        self._event = threading.Event()
        self._lock = threading.Lock()
        self._callbacks: list[Callable[[], None]] = []
        self._until = None if deadline is None else time.monotonic() + deadline

    @property
    def cancelled(self) -> bool:
        """Whether the caller stopped the call."""
        return self._event.is_set()

    @property
    def late(self) -> bool:
        """Whether the deadline has passed."""
        return self._until is not None and time.monotonic() >= self._until

    @property
    def stopped(self) -> bool:
        """Whether work should end now, for either reason. Backends ask this at every token."""
        return self._event.is_set() or self.late

    @property
    def remaining(self) -> float | None:
        """Seconds until the deadline, at least 0; `None` without a deadline."""
        return None if self._until is None else max(0.0, self._until - time.monotonic())

    def cancel(self) -> None:
        """Stop the call. Callbacks run once, in this thread."""
        with self._lock:
            if self._event.is_set():
                return
            self._event.set()
            callbacks, self._callbacks = self._callbacks, []
        for callback in callbacks:
            callback()

    @contextmanager
    def on_cancel(self, callback: Callable[[], None]) -> Iterator[None]:
        """Run `callback` if the call is cancelled inside this block: to break a blocking wait."""
        with self._lock:
            already = self._event.is_set()
            if not already:
                self._callbacks.append(callback)
        if already:
            callback()
        try:
            yield
        finally:
            with self._lock:
                if callback in self._callbacks:
                    self._callbacks.remove(callback)

    def check(self) -> None:
        """Raise when the call is over.

        Raises:
            Cancelled: The caller stopped it.
            DeadlineExceeded: Its deadline has passed.
        """
        if self._event.is_set():
            raise Cancelled("The call was cancelled.")
        if self.late:
            raise DeadlineExceeded(
                "The deadline passed before the answer was ready.",
                "Give the call more time, or prefer speed in [sizing].",
            )


_current: ContextVar[Cancellation | None] = ContextVar("qwen_router_cancellation", default=None)


def current_cancellation() -> Cancellation:
    """Return the running call's cancellation, or one that never fires outside a call."""
    return _current.get() or Cancellation()


@contextmanager
def cancellation_scope(cancellation: Cancellation) -> Iterator[Cancellation]:
    """Make `cancellation` the current one inside this block."""
    token = _current.set(cancellation)
    try:
        yield cancellation
    finally:
        _current.reset(token)
