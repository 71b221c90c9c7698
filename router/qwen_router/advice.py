"""Says what would make an answer better."""

from __future__ import annotations

from qwen_router.catalog import expected_quality
from qwen_router.services import Services
from qwen_router.state import Work


def stand_in_note(services: Services, work: Work) -> str:
    """Say who answered in whose place, and what to fetch: the specialist's smallest model that should be better."""
    winner = work.attempts[-1].choice.winner
    specialist = services.registry.specialist(work.step.task)
    own = sorted((services.catalogue.find(name) for name in specialist.ladder), key=lambda model: model.parameters)
    # The prior alone would send people from a 1.5B stand-in to a 0.5B model of the right kind.
    least = services.catalogue.find(winner.model).parameters
    better = [
        m
        for m in own
        if m.parameters >= least and expected_quality(m, specialist.task, thinking=False) > winner.quality
    ]
    return (
        f"None of the specialist's own models for {specialist.task} is here, so {winner.model.rpartition('/')[2]} "
        f"answered. For better answers: qwen-router pull {(better or own[-1:])[0].name}"
    )
