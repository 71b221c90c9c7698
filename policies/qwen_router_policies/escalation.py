"""Decides what follows a rejected answer: what costs least for the gain to be expected."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from qwen_router import Attempt, Candidate, Classification, Escalation, Settings, chance_of_success, hookimpl

# Tokens of a usual answer, without and with thinking.
_ANSWER, _THOUGHT = 300, 1500
# What thinking adds to a model's ability, in logits: the middle of Qwen3's published gains.
_THINKING_GAIN = 1.0
# A second sample of a model that failed is right about a fourth as often as a first one: what it got wrong is no
# accident most of the time.
_AGAIN = 0.25
_LIKELY_ENOUGH = 0.2
"""Probability of the second likeliest task from which on its specialist is worth asking."""


@hookimpl
def escalate(
    attempts: Sequence[Attempt],
    candidates: Sequence[Candidate],
    classification: Classification,
    settings: Settings,
) -> Escalation:
    """Let the model mend its answer once where the check says what is wrong; then take the cheapest promising way.

    The ways are a better model, the same one thinking, another sample of it, and the specialist of the task that is
    second likeliest. Each has a chance to be right, and
    seconds that it takes; the least seconds for the chance go first.
    """
    last = attempts[-1].choice.winner
    if why := _ceiling(attempts, settings):
        return Escalation(action="stop", why=why)
    same = [a for a in attempts if a.choice.winner.key == last.key and a.choice.winner.thinking == last.thinking]
    if attempts[-1].check.feedback and len(same) == 1:
        return Escalation(action="fix", why="The model is told what is wrong.")
    ways = sorted(_ways(attempts, candidates, classification, settings.escalation.agree), key=lambda way: way[0])
    return ways[0][1] if ways else Escalation(action="stop", why="Nothing better is here.")


def _ways(
    attempts: Sequence[Attempt], candidates: Sequence[Candidate], classification: Classification, agree: int
) -> Iterator[tuple[float, Escalation]]:
    """Yield each way with the seconds it takes for a right answer."""
    last, difficulty = attempts[-1].choice.winner, classification.difficulty
    better = [c for c in candidates if c.quality > last.quality]
    if better:
        cost = min(_seconds(c, c.thinking) / chance_of_success(c.quality, difficulty) for c in better)
        yield cost, Escalation(action="larger", why="A better model is here.")
    chance = chance_of_success(last.quality, difficulty)
    if not last.thinking and any(c.model == last.model and c.thinking for c in attempts[0].choice.candidates):
        thought = 1 / (1 + (1 - chance) / max(chance, 1e-9) * math.exp(-_THINKING_GAIN))
        yield _seconds(last, True) / thought, Escalation(action="thinking", why="The same model can think.")
    # Where results have to agree, one more than that may be needed.
    samples = 2 if agree == 1 else agree + 1
    if sum(a.choice.winner.key == last.key for a in attempts) < samples:
        cost = _seconds(last, last.thinking) / max(_AGAIN * chance, 1e-9)
        yield cost, Escalation(action="sample", why="The same model is asked again.")
    likely = classification.scores.get(classification.runner_up or "", 0.0)
    # Without an image or a sound, its specialist could do no better.
    lacks = {"vision": "image", "audio": "audio"}.get(classification.runner_up or "") not in (
        None,
        *classification.modalities,
    )
    if classification.runner_up and likely >= _LIKELY_ENOUGH and not lacks:
        cost = _seconds(last, last.thinking) / max(likely * chance, 1e-9)
        why = f"With a probability of {likely:.0%} it is a request for {classification.runner_up}."
        yield cost, Escalation(action="specialist", task=classification.runner_up, why=why)


def _ceiling(attempts: Sequence[Attempt], settings: Settings) -> str | None:
    """Say which ceiling is reached, if one is."""
    limits = settings.escalation
    if len(attempts) >= limits.max_attempts:
        return f"That was the last of {len(attempts)} attempts."
    if sum(a.usage.output_tokens for a in attempts) >= limits.max_tokens:
        return f"The {limits.max_tokens:,} tokens of escalation.max_tokens are used up."
    if sum(a.timings.total for a in attempts) >= limits.max_seconds:
        return f"The {limits.max_seconds:.0f} s of escalation.max_seconds are used up."
    return None


def _seconds(candidate: Candidate, thinking: bool) -> float:
    tokens = _ANSWER + (_THOUGHT if thinking else 0)
    return candidate.load_seconds + tokens / max(candidate.tokens_per_second, 1e-9)
