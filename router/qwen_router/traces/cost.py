"""What answers cost, and would have cost with the largest model that fits: active parameters times tokens."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from qwen_router.catalog import Model
from qwen_router.traces.packed import PackedChoice, PackedDecision, Slate
from qwen_router.traces.store import TraceStore
from qwen_router.traces.trace import Trace


class Cost(NamedTuple):
    """Parameters times tokens: of everything that was run, and of one answer a step by the largest model that fits."""

    actual: float = 0.0
    largest: float = 0.0


class Pricing:
    """Reckons costs with the parameters of a catalogue.

    A model's active parameters count, those that each token passes through; the largest is the one with the most
    parameters of all among the candidates that could be chosen.
    """

    def __init__(self, store: TraceStore, catalogue: Mapping[str, Model]) -> None:
        self._store = store
        self._active = {m.id: float(m.active_parameters) for m in catalogue.values()}
        self._size = {m.id: m.parameters for m in catalogue.values()}
        self._largest: dict[int, str] = {}

    def cost(self, trace: Trace) -> Cost | None:
        """Return what an answer cost; `None` where the catalogue doesn't hold its models, or none answered.

        Raises:
            TracesError: The store can't be read.
        """
        if trace.status != "answered" or not trace.models:
            return None
        packed = self._store.packed(trace)
        try:
            actual = sum(
                (a.usage.input_tokens + a.usage.output_tokens) * self._active[self._winner(packed.choices[a.choice])]
                for a in packed.attempts
            )
            return Cost(actual, self._with_the_largest(packed))
        except (KeyError, ValueError):
            return None

    def _with_the_largest(self, packed: PackedDecision) -> float:
        last = {attempt.step: attempt for attempt in packed.attempts}
        return sum(
            (a.usage.input_tokens + a.usage.output_tokens) * self._active[self._largest_of(packed.choices[a.choice])]
            for a in last.values()
        )

    def _winner(self, choice: PackedChoice) -> str:
        if isinstance(choice.winner, int):
            return self._store.slate(choice.slate).candidates[choice.winner].model
        return choice.winner.model

    def _largest_of(self, choice: PackedChoice) -> str:
        if any("usable" in fields for fields in choice.candidates.values()):
            return self._find_largest(self._store.slate(choice.slate), choice)
        if choice.slate not in self._largest:
            self._largest[choice.slate] = self._find_largest(self._store.slate(choice.slate), choice)
        return self._largest[choice.slate]

    def _find_largest(self, slate: Slate, choice: PackedChoice) -> str:
        usable = {
            candidate.model
            for place, candidate in enumerate(slate.candidates)
            if choice.candidates.get(place, {}).get("usable", candidate.usable)
        }
        return max(usable, key=lambda model: (self._size[model], model))
