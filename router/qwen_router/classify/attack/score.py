"""How likely a text is an attack, of which kind, and what says so."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from qwen_router.classify import artefact
from qwen_router.classify.attack import features
from qwen_router.classify.attack.views import disguised
from qwen_router.classify.head import softmax
from qwen_router.classify.text import fold
from qwen_router.errors import ArtefactError
from qwen_router.types import Reason

KINDS = ("prompt_injection", "jailbreak", "harmful_request")
_MEMORY = 64
_MOST_REASONS = 5
_LEAST_WEIGHT = 0.3
_HIDDEN = 1.0
"""Log odds for being disguised: few who mean no harm disguise what counts as evidence."""


@dataclass(frozen=True)
class Attack:
    """What a text looks like.

    Attributes:
        score: Probability that it attacks.
        kind: The likeliest of `KINDS`.
        reasons: What spoke for it, strongest first; weights are log odds against no attack.
    """

    score: float
    kind: str
    reasons: tuple[Reason, ...] = ()


@lru_cache(maxsize=_MEMORY)
def attack_of(text: str) -> Attack:
    """Return how likely a text attacks: as it stands, or as what it disguises, whichever is likelier.

    Raises:
        ArtefactError: The trained weights are missing or of another version.
    """
    weights, bias = _weights()
    text = text.encode("utf-8", "ignore").decode("utf-8")
    worst = _judged(fold(text), weights, bias, None)
    for disguise, plain in disguised(text):
        found = _judged(fold(plain), weights, bias, disguise)
        worst = max(worst, found, key=lambda attack: attack.score)
    return worst


def _judged(folded: str, weights: NDArray[np.float32], bias: NDArray[np.float32], disguise: str | None) -> Attack:
    seen = features.measure(folded)
    logits = seen @ weights + bias
    if disguise is not None and seen.any():
        logits[1:] += _HIDDEN
    shares = softmax(logits)
    kind = int(shares[1:].argmax())
    against = seen * (weights[:, kind + 1] - weights[:, 0])
    rows = [row for row in np.argsort(-against)[:_MOST_REASONS] if against[row] >= _LEAST_WEIGHT]
    reasons = [Reason(signal=features.NAMES[row], weight=round(float(against[row]), 2)) for row in rows]
    if disguise is not None and seen.any():
        reasons.insert(0, Reason(signal=f"hidden: {disguise}", weight=_HIDDEN))
    return Attack(float(1 - shares[0]), KINDS[kind], tuple(reasons))


@lru_cache(maxsize=1)
def _weights() -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return the (evidence, classes) weights and the (classes,) bias; the first class is no attack."""
    trained = artefact.load()
    if tuple(trained.meta["evidence"]) != features.NAMES:
        raise ArtefactError(
            "The classifier's file was trained for other evidence of attacks.",
            "Reinstall it with: pip install --force-reinstall --no-deps qwen-router",
        )
    return trained.arrays["attack_weights"], trained.arrays["attack_bias"]
