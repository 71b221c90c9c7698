"""Chooses model, precision and backend: pure arithmetic on the candidates' facts.

Two properties hold whatever the candidates: more memory never gives a worse choice, and neither does a harder request.
Worse means: slower than the operator allows instead of fast enough, or else less fit for the task. Fitness is the
expected quality, and a little more for the specialist's own models, whose prompts and checks it knows.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from qwen_router import (
    Candidate,
    Choice,
    Classification,
    Request,
    Resources,
    Settings,
    chance_of_success,
    estimated_tokens,
    hookimpl,
)
from qwen_router_policies.fitting import as_lost, name_of, nothing_fits, reject_unusable

# Tokens of a usual answer, without and with thinking: what the seconds of a candidate are reckoned with.
_ANSWER, _THOUGHT = 300, 1500
# What the specialist's own model is worth beside a general one of the same published scores, in logits. With it,
# Qwen2.5-Math and Qwen2.5-Coder come before a Qwen3 of their size that doesn't think, and behind one that does.
_OWN = 0.5


@dataclass(frozen=True)
class _Rule:
    """What the request and the operator ask for."""

    difficulty: float
    deadline: float | None
    settings: Settings

    def success(self, candidate: Candidate) -> float:
        """Return the chance of a right answer."""
        return chance_of_success(fitness(candidate), self.difficulty)

    def prompt_enough(self, candidate: Candidate) -> bool:
        """Say whether it keeps up with a reader and with the deadline, and thinks when it should and only then."""
        if candidate.overthinks or candidate.underthinks:
            return False
        if self.deadline is not None and seconds(candidate) > self.deadline:
            return False
        return candidate.tokens_per_second >= self.settings.sizing.min_tokens_per_second


@hookimpl
def size(
    candidates: Sequence[Candidate],
    classification: Classification,
    request: Request,
    resources: Resources,
    settings: Settings,
) -> Choice:
    """Choose the best usable candidate under `sizing.prefer`.

    With `quality`, candidates whose chance of a right answer is within `warm_slack` of the best, or above
    `target_quality`, are good enough. Among those a loaded one wins; else the smallest, or a larger one that is at
    least as good and sooner done. So an easy request takes a small model and a hard one the best that fits.

    Raises:
        NoModelFits: Nothing is usable; the message names what is nearest and what it needs.
    """
    tokens = estimated_tokens(request, 0)
    judged = [reject_unusable(c, tokens, resources, settings) for c in candidates]
    usable = [c for c in judged if c.rejected is None]
    if not usable:
        raise nothing_fits(judged, resources, settings)
    rule = _Rule(classification.difficulty, request.deadline, settings)
    fast = [c for c in usable if rule.prompt_enough(c)] or usable
    winner, reason = _best(fast, rule)
    candidates = [
        c
        if c is winner or c.rejected is not None
        else as_lost(c, _why_lost(c, winner, rule, in_fast=any(c is f for f in fast)), usable=True)
        for c in judged
    ]
    return Choice(winner=winner, reason=reason, candidates=tuple(candidates))


def fitness(candidate: Candidate) -> float:
    """Return the expected quality, and a little more for one of the specialist's own models."""
    quality = min(max(candidate.quality, 1e-6), 1 - 1e-6)
    return 1 / (1 + (1 - quality) / quality * math.exp(-_OWN if candidate.own else 0.0))


def seconds(candidate: Candidate) -> float:
    """Return how long a usual answer takes, loading included."""
    tokens = _ANSWER + (_THOUGHT if candidate.thinking else 0)
    return candidate.load_seconds + tokens / max(candidate.tokens_per_second, 1e-9)


def _best(field: Sequence[Candidate], rule: _Rule) -> tuple[Candidate, str]:
    sizing = rule.settings.sizing
    least = _least_success(max(rule.success(c) for c in field), rule)
    good = sorted((c for c in field if rule.success(c) >= least), key=_smallest_first)
    if sizing.prefer == "memory":
        return good[0], "It takes the least memory."
    if sizing.prefer == "speed":
        return min(good, key=lambda c: (-c.tokens_per_second, -fitness(c), name_of(c))), "It is the fastest."
    if field[0].tested and (starter := _starter(field, good, rule)) is not None:
        return starter, "Its answer is put to the test: likely right, soonest done, and what fails goes up."
    if warm := [c for c in good if c.warm]:
        return _soonest(warm), "It is loaded, and none is better by more than the slack."
    if len(good) == 1:
        return good[0], "It is the best that fits."
    winner = _soonest(good)
    if winner is good[0]:
        return winner, f"It is the smallest of {len(good)} that are good enough for this difficulty."
    return winner, f"Of {len(good)} that are good enough for this difficulty, it is sooner done than the smallest."


def _least_success(top: float, rule: _Rule) -> float:
    """Return the chance of a right answer that is good enough, where `top` is the best to be had."""
    sizing = rule.settings.sizing
    if sizing.prefer == "quality":
        # A share of the best, not a distance from it: two models that both fail at a hopeless request are no match.
        return min(top * (1 - sizing.warm_slack), sizing.target_quality)
    # A preference for speed or memory gives quality up, but not below a target that the operator set.
    return min(top, sizing.target_quality) if sizing.target_quality < 1 else 0.0


def _starter(field: Sequence[Candidate], good: Sequence[Candidate], rule: _Rule) -> Candidate | None:
    """Return the smaller model that should try first because its mistakes will be noticed, if that saves time.

    A cascade takes the small model's seconds, and the large one's when that fails: FrugalGPT, arXiv:2305.05176.
    """
    best = min(good, key=lambda c: (seconds(c), name_of(c)))
    costs = {id(c): seconds(c) + (1 - rule.success(c)) * seconds(best) for c in field if seconds(c) < seconds(best)}
    starters = [c for c in field if costs.get(id(c), math.inf) < seconds(best)]
    return min(starters, key=lambda c: (costs[id(c)], name_of(c)), default=None)


def _soonest(ordered: Sequence[Candidate]) -> Candidate:
    """Return the smallest, or what is at least as good as it and sooner done, and so on upwards.

    A larger model never wins by being faster alone: with the memory that lets it in, the choice would become worse.
    """
    chosen = ordered[0]
    for candidate in ordered[1:]:
        if fitness(candidate) >= fitness(chosen) and seconds(candidate) < seconds(chosen):
            chosen = candidate
    return chosen


def _smallest_first(candidate: Candidate) -> tuple[object, ...]:
    return (candidate.memory_bytes, seconds(candidate), -fitness(candidate), name_of(candidate))


def _why_lost(candidate: Candidate, winner: Candidate, rule: _Rule, *, in_fast: bool) -> str:
    if not in_fast:
        if candidate.overthinks:
            return "It always thinks, and this request doesn't call for it."
        if candidate.underthinks:
            return "It doesn't think, and the user asks for it."
        if rule.deadline is not None and seconds(candidate) > rule.deadline:
            return f"Too late: about {seconds(candidate):.0f} s expected, the deadline is in {rule.deadline:.0f} s."
        return f"Too slow: {candidate.tokens_per_second:.1f} tokens/s expected."
    if rule.success(candidate) < rule.success(winner) and winner.own and not candidate.own:
        return f"Expected quality {candidate.quality:.0%} against {winner.quality:.0%} of the specialist's own model."
    if rule.success(candidate) < rule.success(winner):
        return f"Expected quality {candidate.quality:.0%} is below the winner's {winner.quality:.0%}."
    if not candidate.warm and winner.warm:
        return "The winner is loaded, and this isn't better by more than the slack."
    if candidate.memory_bytes > winner.memory_bytes:
        return "It takes more memory than the winner without being better enough for this difficulty."
    if seconds(candidate) > seconds(winner):
        return (
            f"Slower than the winner ({seconds(candidate):.0f} s against {seconds(winner):.0f} s for a usual answer)."
        )
    return "The winner is preferred by the policy."
