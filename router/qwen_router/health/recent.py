"""Remembers how the last calls of a router ended."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from qwen_router.errors import Cancelled, InputError, NoModelFits
from qwen_router.types import Answer

SECONDS = 900.0
"""How long ago a call may have ended that still counts."""
_MOST = 1000
_LEAST_TOKENS = 16
"""Of an answer whose speed says something."""


@dataclass(frozen=True, slots=True)
class Ended:
    """How one call ended.

    Attributes:
        at: When, in seconds of the clock.
        seconds: How long it took, waiting included.
        tokens_per_second: Of its answer from the first token on; `None` where that is too short.
        answered: Whether a model's answer was given; not so for a refusal.
        fault: Class of the error that ended it, where that wasn't the caller's own fault or wish.
    """

    at: float
    seconds: float
    tokens_per_second: float | None = None
    answered: bool = False
    fault: str = ""


class Recent:
    """The last thousand calls at most. Threads share it.

    Args:
        clock: Returns seconds that never jump.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._calls: deque[Ended] = deque(maxlen=_MOST)

    def answered(self, answer: Answer, seconds: float) -> None:
        """Note a call that was answered or refused."""
        self._add(Ended(self._clock(), seconds, _speed(answer), answered=not answer.refused))

    def failed(self, error: BaseException, seconds: float) -> None:
        """Note a call that ended in an error."""
        self._add(Ended(self._clock(), seconds, fault=type(error).__name__ if _is_fault(error) else ""))

    def calls(self) -> list[Ended]:
        """Return the calls of the last quarter of an hour, oldest first."""
        since = self._clock() - SECONDS
        with self._lock:
            return [call for call in self._calls if call.at >= since]

    def _add(self, call: Ended) -> None:
        with self._lock:
            self._calls.append(call)


def _is_fault(error: BaseException) -> bool:
    if isinstance(error, NoModelFits):
        return True
    return isinstance(error, Exception) and not isinstance(error, InputError | Cancelled)


def _speed(answer: Answer) -> float | None:
    seconds = answer.timings.generate - answer.timings.first_token
    tokens = answer.usage.output_tokens
    return tokens / seconds if tokens >= _LEAST_TOKENS and seconds > 0 else None
