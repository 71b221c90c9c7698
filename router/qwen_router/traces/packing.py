"""Packs decisions for the store: what many have in common is kept once.

A choice has dozens of candidates, and from one to the next hardly anything of them changes. They are kept as a slate,
with the machine they were listed for; a choice names its slate and what is different. A slate is made anew when the
differences have grown to a multiple of it.
"""

from __future__ import annotations

import zlib
from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from qwen_router.choice import Candidate, Choice
from qwen_router.traces.packed import PackedAttempt, PackedChoice, PackedDecision, PackedPlan, PackedStep, Slate, dump
from qwen_router.types import Attempt, Decision, Plan

_FIXED = frozenset({"model", "offer", "backend", "adapter", "context", "memory"})
"""What makes another candidate."""
_MOST_SLATES = 16
_MOST_CHANGES, _CHANGES_PER_CANDIDATE = 64, 4
Changes = dict[str, Any]


class SlateKey(NamedTuple):
    """A slate's number, and the row that was the last when it was kept."""

    id: int
    born: int


class _Kept:
    """A slate that is in the store, and how many changes to it may still be kept."""

    def __init__(self, key: SlateKey, choice: Choice) -> None:
        self.key = key
        self.candidates, self.resources = choice.candidates, choice.resources
        self.room = _MOST_CHANGES + _CHANGES_PER_CANDIDATE * len(choice.candidates)


class Packed(NamedTuple):
    """A decision as the store keeps it; `slate` has the least number, and the least row, of those it refers to."""

    body: str
    slate: SlateKey | None


class Packer:
    """Packs one decision after the other. It isn't thread-safe.

    Args:
        keep: Puts a slate into the store.
        text: Makes of a text what is kept of it.
        exclude: Fields of a `PackedDecision` that are left out, in pydantic's form.
    """

    def __init__(
        self,
        keep: Callable[[bytes], SlateKey],
        *,
        text: Callable[[str], str] = str,
        exclude: Mapping[str, Any] | None = None,
    ) -> None:
        self._keep, self._text, self._exclude = keep, text, exclude or {}
        self._kept: OrderedDict[tuple[Any, ...], _Kept] = OrderedDict()

    def forget(self) -> None:
        """Forget the slates: they may not be in the store any longer."""
        self._kept.clear()

    def pack(self, decision: Decision, answer: str = "") -> Packed:
        """Return the decision as the store keeps it, after keeping the slates that it needs.

        Args:
            answer: The text of the answer.
        """
        choices = _Choices(self._choice)
        packed = PackedDecision(
            request=decision.request,
            classification=decision.classification,
            plan=None if decision.plan is None else self._plan(decision.plan),
            attempts=tuple([_attempt(attempt, choices.place(attempt.choice)) for attempt in decision.attempts]),
            latest={step: choices.place(choice) for step, choice in decision.choices.items()},
            escalations=decision.escalations,
            denied=decision.denied,
            answer=self._text(answer) if answer else "",
        )
        packed.choices = tuple(choices.packed)
        return Packed(dump(packed, self._exclude), choices.slate)

    def _plan(self, plan: Plan) -> PackedPlan:
        steps = [PackedStep(s.id, s.task, self._text(s.prompt), s.needs, s.language) for s in plan.steps]
        return PackedPlan(tuple(steps), self._text(plan.context) if plan.context else "", plan.merged)

    def _choice(self, choice: Choice) -> tuple[PackedChoice, SlateKey]:
        slate, candidates, machine = self._slate(choice)
        packed = PackedChoice(slate.id, _place(choice), choice.reason, choice.tokens, choice.media, candidates, machine)
        return packed, slate

    def _slate(self, choice: Choice) -> tuple[SlateKey, dict[int, Changes], Changes]:
        """Return the choice's slate, and what is different: of the candidates, and of the machine."""
        key = _likeness(choice.candidates)
        kept = self._kept.get(key)
        if kept is not None and kept.room > 0 and (kept.resources is None) == (choice.resources is None):
            candidates = _changes(kept.candidates, choice.candidates)
            if candidates is not None:
                kept.room -= len(candidates)
                self._kept.move_to_end(key)
                return kept.key, candidates, _difference(kept.resources, choice.resources)
        slate = Slate.model_construct(candidates=choice.candidates, resources=choice.resources)
        made = self._keep(zlib.compress(slate.model_dump_json(exclude_defaults=True).encode(), 1))
        self._kept[key] = _Kept(made, choice)
        self._kept.move_to_end(key)
        while len(self._kept) > _MOST_SLATES:
            self._kept.popitem(last=False)
        return made, {}, {}


class _Choices:
    """The choices of a decision, each once.

    Attributes:
        slate: The least of their slates, see `Packed`.
    """

    def __init__(self, pack: Callable[[Choice], tuple[PackedChoice, SlateKey]]) -> None:
        self._pack = pack
        self._places: dict[int, int] = {}
        self.packed: list[PackedChoice] = []
        self.slate: SlateKey | None = None

    def place(self, choice: Choice) -> int:
        """Return where a choice stands among them."""
        place = self._places.get(id(choice))
        if place is None:
            place = self._places[id(choice)] = len(self.packed)
            packed, slate = self._pack(choice)
            self.packed.append(packed)
            if self.slate is not None:
                slate = SlateKey(min(slate.id, self.slate.id), min(slate.born, self.slate.born))
            self.slate = slate
        return place


def _attempt(attempt: Attempt, choice: int) -> PackedAttempt:
    return PackedAttempt(
        attempt.step, attempt.task, choice, attempt.check, attempt.usage, attempt.timings, attempt.finish_reason
    )


def _likeness(candidates: tuple[Candidate, ...]) -> tuple[Any, ...]:
    """Return what slates have in common that are likely to differ little: a guess that saves looking at them all."""
    if not candidates:
        return ()
    first, last = candidates[0], candidates[-1]
    return len(candidates), first.model, first.context, first.own, last.model, last.context, last.own


def _changes(before: tuple[Candidate, ...], now: tuple[Candidate, ...]) -> dict[int, Changes] | None:
    """Return the fields that changed, by the candidate's place; `None` where they are other candidates."""
    changes = {}
    for place, (old, new) in enumerate(zip(before, now, strict=True)):
        # As dictionaries they are compared at once; pydantic's own comparison takes ten times as long.
        if old.__dict__ != new.__dict__:
            fields = _difference(old, new)
            if not _FIXED.isdisjoint(fields):
                return None
            changes[place] = fields
    return changes


def _difference(old: Any, new: Any) -> Changes:
    if old is new:
        return {}
    before = old.__dict__
    return {name: value for name, value in new.__dict__.items() if value != before[name]}


def _place(choice: Choice) -> int | Candidate:
    """Return where the winner stands among the candidates, or itself where it isn't one of them."""
    for place, candidate in enumerate(choice.candidates):
        if candidate is choice.winner:
            return place
    return choice.candidates.index(choice.winner) if choice.winner in choice.candidates else choice.winner
