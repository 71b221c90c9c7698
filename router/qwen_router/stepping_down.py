"""Chooses again when a model ran out of memory."""

from __future__ import annotations

from dataclasses import replace

from qwen_router import deciding
from qwen_router.errors import NoModelFits, OutOfMemory
from qwen_router.services import Services
from qwen_router.state import Work


def step_down(services: Services, work: Work, error: OutOfMemory) -> Work:
    """Choose again without what didn't fit.

    Raises:
        OutOfMemory: Nothing smaller is left.
    """
    assert work.choice is not None
    failed = work.choice.winner
    cooling = services.pool.cooling()
    left = [
        c.model_copy(
            update={"rejected": cooling.get(c.key) if c.memory_bytes < failed.memory_bytes else "Memory ran out."}
        )
        for c in work.choice.candidates
        if c.usable
    ]
    try:
        choice = deciding.size(services, left, work.classification, work.request)
    except NoModelFits:
        raise error from None
    note = f"{failed.model} at {failed.precision} ran out of memory; {choice.winner.model} answers instead."
    return replace(work, choice=choice, warnings=(*work.warnings, note))
