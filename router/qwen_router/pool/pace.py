"""How long loads and calls take here, and from that how long a queue will."""

from __future__ import annotations

from collections.abc import Iterable

from qwen_router.choice import Candidate, ModelKey

_WEIGHT = 0.3
"""Of the newest value in the running mean: about the last six count."""
_SHORTEST = 1.0
"""Seconds; nobody is told to come back sooner."""


class Pace:
    """Running means of measured seconds. Not thread-safe: the pool's lock guards it."""

    def __init__(self) -> None:
        self._loads: dict[ModelKey, float] = {}
        self._calls: dict[ModelKey, float] = {}

    def loaded(self, candidate: Candidate, seconds: float) -> None:
        """Note a load."""
        _note(self._loads, candidate.key, seconds)

    def served(self, candidate: Candidate, seconds: float) -> None:
        """Note how long a model was lent to a request."""
        _note(self._calls, candidate.key, seconds)

    def load_seconds(self, candidate: Candidate) -> float:
        """Return how long a load takes, as measured here; as predicted where it never was."""
        return self._loads.get(candidate.key, candidate.load_seconds)

    def until_served(self, waiting: Iterable[Candidate]) -> float:
        """Return the seconds after which these requests are likely to have been served.

        All that wait for a model are served together once it is loaded. So a model costs one load and one call.
        """
        models = {candidate.key: candidate for candidate in waiting}
        turns = (self.load_seconds(c) + self._calls.get(key, 0.0) for key, c in models.items())
        return max(_SHORTEST, sum(turns))


def _note(means: dict[ModelKey, float], key: ModelKey, seconds: float) -> None:
    means[key] = seconds if key not in means else (1 - _WEIGHT) * means[key] + _WEIGHT * seconds
