"""Tells observers what becomes of a step."""

from __future__ import annotations

import time

from qwen_router.choice import Choice
from qwen_router.events import Checked, Escalated, Generated, Selected
from qwen_router.services import Services
from qwen_router.state import Work
from qwen_router.types import Check, Escalation, Generation


def selected(services: Services, work: Work, choice: Choice, started: float) -> None:
    """Tell what the step is going to run on; `started` is in seconds of `time.perf_counter`, here and below."""
    seconds = time.perf_counter() - started
    services.events.emit(
        Selected(
            work.request.id,
            seconds,
            step=work.step.id,
            attempt=_attempt(work),
            classification=work.classification,
            choice=choice,
        )
    )


def generated(services: Services, work: Work, generation: Generation) -> None:
    """Tell what the model said."""
    assert work.choice is not None
    services.events.emit(
        Generated(
            work.request.id,
            generation.timings.generate,
            step=work.step.id,
            attempt=_attempt(work),
            task=work.step.task,
            choice=work.choice,
            generation=generation,
        )
    )


def checked(services: Services, work: Work, check: Check, started: float) -> None:
    """Tell what came of the check."""
    seconds = time.perf_counter() - started
    services.events.emit(
        Checked(work.request.id, seconds, step=work.step.id, attempt=_attempt(work), task=work.step.task, check=check)
    )


def escalated(services: Services, work: Work, escalation: Escalation, started: float) -> None:
    """Tell what follows a rejected answer."""
    seconds = time.perf_counter() - started
    services.events.emit(
        Escalated(
            work.request.id,
            seconds,
            step=work.step.id,
            attempt=len(work.attempts),
            task=work.step.task,
            escalation=escalation,
        )
    )


def _attempt(work: Work) -> int:
    """Return the number of the attempt that is being made, from 1."""
    return len(work.attempts) + 1
