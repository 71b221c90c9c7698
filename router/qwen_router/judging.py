"""Judges an answer: by its specialist's check, and by whether other answers come to the same result."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from qwen_router import tool_calling
from qwen_router.catalog import expected_quality
from qwen_router.services import Services
from qwen_router.state import Work
from qwen_router.types import Check, Generation

_log = logging.getLogger(__name__)


def judge(services: Services, work: Work) -> Check:
    """Return the check of a step's latest answer. A check that fails abstains: it never blocks an answer.

    What no decisive test has judged needs `escalation.agree` answers of the same result.
    """
    assert work.choice is not None
    assert work.generation is not None
    if (called := tool_calling.check(work.request.tools, work.request.tool_choice, work.generation)) is not None:
        return called
    specialist = services.registry.specialist(work.step.task)
    agree = services.settings.escalation.agree
    try:
        check = specialist.check(work.request, work.generation)
        if check.status != "rejected" and not check.decisive and agree > 1:
            check = _agreed(services, work, check, agree)
    except Exception as fault:
        _log.exception("The check of %s failed.", specialist.name)
        return Check(status="abstained", why=f"The check failed: {type(fault).__name__}.")
    if check.decisive and check.status != "abstained":
        _learn(services, work, rejected=check.status == "rejected")
    return check


def best_of(services: Services, work: Work, answers: Sequence[Generation]) -> Generation:
    """Return the answer to keep when none was accepted: the newest of those whose result most others share."""
    said = [answer for answer in answers if answer.text.strip()] or answers
    return max(reversed(said), key=lambda answer: len(_sharing(services, work, answer, said)))


def _agreed(services: Services, work: Work, check: Check, agree: int) -> Check:
    """Turn a check down while too few answers share the result; leave it where results can't be compared."""
    assert work.generation is not None
    specialist = services.registry.specialist(work.step.task)
    if specialist.same_result(work.generation, work.generation) is None:
        return check
    sharing = 1 + len(_sharing(services, work, work.generation, work.earlier))
    if sharing >= agree:
        return Check(status="accepted", why=f"{sharing} answers come to the same result.")
    return Check(status="rejected", why=f"{sharing} of {agree} answers come to this result so far.")


def _sharing(services: Services, work: Work, generation: Generation, others: Sequence[Generation]) -> list[Generation]:
    specialist = services.registry.specialist(work.step.task)
    try:
        return [other for other in others if other is not generation and specialist.same_result(generation, other)]
    except Exception:
        _log.exception("The comparison of %s failed.", specialist.name)
        return []


def _learn(services: Services, work: Work, *, rejected: bool) -> None:
    """Put a decisive outcome on the model's record."""
    if services.track_record is None:
        return
    assert work.choice is not None
    winner = work.choice.winner
    model = services.catalogue.find(winner.model)
    published = expected_quality(model, work.step.task, thinking=winner.thinking, offer=winner.offer)
    services.track_record.judged(winner, work.step.task, published, work.classification.difficulty, rejected=rejected)
