"""Decides what follows a rejected answer."""

from __future__ import annotations

from collections.abc import Sequence

from qwen_router import Attempt, Candidate, Escalation, Settings, hookimpl


@hookimpl
def escalate(attempts: Sequence[Attempt], candidates: Sequence[Candidate], settings: Settings) -> Escalation:
    """Try a better model, else let the same one think, else ask it once more, until the attempts are used up."""
    last = attempts[-1].choice.winner
    if len(attempts) >= settings.escalation.max_attempts:
        return Escalation(action="stop", why=f"That was the last of {len(attempts)} attempts.")
    if any(c.quality > last.quality for c in candidates):
        return Escalation(action="larger", why="A better model is here.")
    if not last.thinking and any(c.model == last.model and c.thinking for c in attempts[-1].choice.candidates):
        return Escalation(action="thinking", why="The same model can think.")
    if sum(a.choice.winner.key == last.key for a in attempts) == 1:
        return Escalation(action="sample", why="No better model is here: the same one is asked again.")
    return Escalation(action="stop", why="Nothing better is here.")
