"""The form of a decision in the store: values as JSON, the slates apart."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import TypeAdapter
from pydantic_core import PydanticSerializationError

from qwen_router.attached import MediaCost
from qwen_router.choice import Candidate
from qwen_router.resources import Resources
from qwen_router.types import Check, Classification, Escalation, Shape, Timings, Usage, Verdict
from qwen_router.value import Value

# Dataclasses are made ten times as fast as values that pydantic checks, and every call makes some.


class Slate(Value):
    """The candidates of a choice, and the machine they were listed for."""

    candidates: tuple[Candidate, ...] = ()
    resources: Resources | None = None


@dataclass(slots=True)
class PackedStep:
    """A step. Its `prompt` is a keyed hash of the text, or the text."""

    id: str
    task: str
    prompt: str
    needs: tuple[str, ...] = ()
    language: str = ""


@dataclass(slots=True)
class PackedPlan:
    """A plan. Its `context` is a keyed hash of the text, or the text."""

    steps: tuple[PackedStep, ...]
    context: str = ""
    merged: bool = False


@dataclass(slots=True)
class PackedChoice:
    """A choice, with the number of its slate in place of the candidates.

    Attributes:
        winner: Its place among the candidates, or itself where it is none of them.
        candidates: The fields in which candidates differ from the slate, by place.
        machine: Those in which the machine does.
    """

    slate: int
    winner: int | Candidate
    reason: str
    tokens: int = 0
    media: tuple[MediaCost, ...] = ()
    candidates: dict[int, dict[str, Any]] = field(default_factory=dict)
    machine: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class PackedAttempt:
    """An attempt, with the place of its choice among the decision's."""

    step: str
    task: str
    choice: int
    check: Check
    usage: Usage
    timings: Timings
    finish_reason: str


@dataclass(slots=True)
class PackedDecision:
    """What a row keeps of a decision beside its columns.

    Attributes:
        latest: The place of each step's latest choice.
        answer: A keyed hash of the answer, or its text.
    """

    request: Shape | None = None
    classification: Classification | None = None
    plan: PackedPlan | None = None
    choices: tuple[PackedChoice, ...] = ()
    latest: dict[str, int] = field(default_factory=dict)
    attempts: tuple[PackedAttempt, ...] = ()
    escalations: tuple[Escalation, ...] = ()
    denied: Verdict | None = None
    answer: str = ""


_JSON = TypeAdapter(PackedDecision)


def dump(packed: PackedDecision, exclude: Mapping[str, Any]) -> str:
    """Return it as JSON, without defaults.

    Args:
        exclude: Fields that are left out, in pydantic's form.
    """
    try:
        return _JSON.dump_json(packed, exclude_defaults=True, exclude=exclude).decode()
    except PydanticSerializationError:
        # A caller's text may hold half a character (a lone surrogate), which no JSON can carry.
        plain = _JSON.dump_python(packed, exclude_defaults=True, exclude=exclude)
        return whole(json.dumps(plain, ensure_ascii=False, separators=(",", ":")))


def whole(text: str) -> str:
    """Return a text with question marks for halves of characters."""
    return text.encode("utf-8", "replace").decode()


def load(body: str) -> PackedDecision:
    """Return what a row keeps.

    Raises:
        ValueError: That is no packed decision.
    """
    return _JSON.validate_json(body)
