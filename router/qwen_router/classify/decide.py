"""From what the brain sees to one decision: attachments, new tasks, follow-ups, doubt, reasons."""

from __future__ import annotations

import math

import numpy as np

from qwen_router.classify import signals
from qwen_router.classify.brain import Brain, Look
from qwen_router.classify.conversation import Turn
from qwen_router.classify.learned import Learned
from qwen_router.types import Classification, Modality, Reason

ATTACHED = 0.97
MISSING = 0.02
MOST_REASONS = 5
LEAST_WEIGHT = 0.05
WORDS_EXPLAINED = 60
FALLBACK = "general"
SIGNALS = tuple(signals.SIGNALS)
# A follow-up stays with the specialist that answered: a bonus in log odds, less the more is said.
STAY = 6.0
STAY_PIECES = 6
STAY_ALWAYS = 0.5
# So few pieces say nothing by themselves: evidence counts pieces / (pieces + VAGUE) of its weight.
VAGUE = 4


def decide(
    brain: Brain,
    learned: Learned | None,
    look: Look,
    turn: Turn,
    previous: str | None,
    min_confidence: float,
) -> Classification:
    """Return the classification of one turn.

    Args:
        previous: the task of the turn before, or ``None`` at the start of a conversation.
        min_confidence: below it the task is general.
    """
    scores = dict(zip(brain.tasks, map(float, look.scores), strict=True))
    reasons: list[Reason] = []
    if learned is not None:
        scores = _normalised(scores | learned.odds(look.vector))
    if previous in scores:
        bonus = STAY_ALWAYS + STAY * math.exp(-len(look.words) / STAY_PIECES)
        weight = len(look.words) / (len(look.words) + VAGUE)
        scores = {name: max(score, 1e-9) ** weight for name, score in scores.items()}
        scores[previous] *= math.exp(bonus)
        scores = _normalised(scores)
        reasons.append(Reason(signal=f"follows a turn on {previous}", weight=round(bonus, 2)))
    modalities = _modalities(turn)
    scores = _attached(scores, turn) if turn.has_image or turn.has_audio else _unattached(scores)
    ranked = sorted(scores, key=lambda name: -scores[name])
    task = ranked[0]
    if scores[task] < min_confidence:
        task = FALLBACK
        reasons.append(Reason(signal=f"unsure, {ranked[0]} was likeliest", weight=round(scores[ranked[0]], 2)))
    if task in ("vision", "audio") and (turn.has_image or turn.has_audio):
        attached = "image" if task == "vision" else "audio"
        reasons.append(Reason(signal=f"{attached} attached", weight=round(math.log(ATTACHED / (1 - ATTACHED)), 2)))
    reasons += _words_and_signals(brain, learned, look, task)
    return Classification(
        scores=scores,
        task=task,
        difficulty=look.difficulty,
        language=look.language,
        modalities=modalities,
        confidence=scores[task],
        runner_up=next((name for name in ranked if name != task), None),
        stage=look.stage,
        reasons=tuple(reasons[:MOST_REASONS]),
    )


def _normalised(scores: dict[str, float]) -> dict[str, float]:
    total = sum(scores.values())
    return {name: score / total for name, score in scores.items()}


def _modalities(turn: Turn) -> tuple[Modality, ...]:
    found: dict[Modality, bool] = {"text": bool(turn.text.strip()), "image": turn.has_image, "audio": turn.has_audio}
    return tuple(sorted(name for name, there in found.items() if there)) or ("text",)


def _attached(scores: dict[str, float], turn: Turn) -> dict[str, float]:
    """Give the attachment's task nearly everything; the words only order the rest."""
    chosen = [name for name, there in (("vision", turn.has_image), ("audio", turn.has_audio)) if there]
    rest = _normalised({name: score + 1e-9 for name, score in scores.items() if name not in chosen})
    own = _normalised({name: scores[name] + 1e-3 for name in chosen})
    return {name: ATTACHED * own[name] if name in own else (1 - ATTACHED) * rest[name] for name in scores}


def _unattached(scores: dict[str, float]) -> dict[str, float]:
    """Leave the tasks that read a file next to nothing: without the file only words can answer, or ask for it."""
    held = {name: score * MISSING if name in ("vision", "audio") else score for name, score in scores.items()}
    return _normalised(held)


def _words_and_signals(brain: Brain, learned: Learned | None, look: Look, task: str) -> list[Reason]:
    """Return what spoke most for or against the task, in log odds against the average task."""
    if not look.words or task not in brain.tasks:
        words = {} if learned is None or not look.words else _words(brain, look, learned.direction(task))
        return _strongest(words)
    column = brain.tasks.index(task)
    weights = brain.head.weights[:, column] - brain.head.weights.mean(axis=1)
    size = brain.embedding.dimensions
    named = dict(zip(SIGNALS, map(float, look.prepared[size:] * weights[size:]), strict=True))
    words = _words(brain, look, brain.head.scale[:size] * weights[:size])
    return _strongest(named | words)


def _words(brain: Brain, look: Look, direction: np.ndarray) -> dict[str, float]:
    """Return the strongest words by their share; only these are worth a name."""
    shares: dict[int, float] = {}
    rows = look.words[:WORDS_EXPLAINED]
    for row, share in zip(rows, brain.embedding.shares(rows, direction).tolist(), strict=True):
        # Numbers of every length have one name.
        row = min(row, len(brain.vocabulary))
        shares[row] = shares.get(row, 0.0) + share
    strongest = sorted(shares, key=lambda row: -abs(shares[row]))[:MOST_REASONS]
    return {f"“{brain.word(row)}”": shares[row] for row in strongest}


def _strongest(weights: dict[str, float]) -> list[Reason]:
    names = sorted(weights, key=lambda name: -abs(weights[name]))[:MOST_REASONS]
    return [Reason(signal=name, weight=round(weights[name], 2)) for name in names if abs(weights[name]) >= LEAST_WEIGHT]
