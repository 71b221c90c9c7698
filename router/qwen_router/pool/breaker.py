"""Remembers which models failed to load, so that nobody waits for the same failure again."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from qwen_router.choice import Candidate, ModelKey
from qwen_router.errors import BackendError, Cancelled, DeadlineExceeded, InputError, OutOfMemory, RouterError


@dataclass(frozen=True)
class _Failure:
    """The text alone: an error would keep the frames of the load alive, and what they hold of the model."""

    reason: str
    no_memory: bool
    until: float


class Breaker:
    """Refuses a model for a while after a failed load. Not thread-safe: the pool's lock guards it.

    It goes by the whole key: what ran out of memory with a long context may fit with a shorter one.

    Args:
        cool_down: Seconds that a model isn't tried again.
        clock: Returns seconds.
    """

    def __init__(self, cool_down: float, clock: Callable[[], float]) -> None:
        self._cool_down, self._clock = cool_down, clock
        self._failures: dict[ModelKey, _Failure] = {}

    def failed(self, candidate: Candidate, error: BaseException) -> None:
        """Note a failed load.

        The caller's own faults and a caller who left say nothing about the model.
        """
        if self._cool_down and concerns_others(error) and not isinstance(error, InputError):
            reason = " ".join(str(error).split()) or type(error).__name__
            until = self._clock() + self._cool_down
            self._failures[candidate.key] = _Failure(reason, isinstance(error, OutOfMemory), until)

    def check(self, candidate: Candidate) -> RouterError | None:
        """Return the error for a model that is cooling down.

        `OutOfMemory` where memory was the reason: then the caller tries a smaller model.
        """
        reason = self.cooling().get(candidate.key)
        if reason is None:
            return None
        kind = OutOfMemory if self._failures[candidate.key].no_memory else BackendError
        return kind(f"{candidate.model} at {candidate.precision} can't be used now. {reason}")

    def cooling(self) -> dict[ModelKey, str]:
        """Return the reason for each model that isn't tried just now, with the seconds left."""
        now = self._clock()
        self._failures = {key: failure for key, failure in self._failures.items() if failure.until > now}
        return {
            key: f"Its load failed: {failure.reason} It is tried again in {math.ceil(failure.until - now)} s."
            for key, failure in self._failures.items()
        }


def concerns_others(error: BaseException) -> bool:
    """Say whether a failed load is a matter of all who wait for it, not of the one who loaded alone."""
    return isinstance(error, Exception) and not isinstance(error, Cancelled | DeadlineExceeded)
