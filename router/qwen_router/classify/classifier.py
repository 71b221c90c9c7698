"""Says what a request is: task, difficulty, language, modalities, with the reasons."""

from __future__ import annotations

import itertools
import math
import zlib
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from qwen_router.classify.features import structural
from qwen_router.classify.language import language_of
from qwen_router.request import Request
from qwen_router.types import Classification, Modality, Reason

GENERAL = "general"
_BUCKETS = 4096
_SIMILARITY_WEIGHT = 8.0
_ATTACHMENT_WEIGHT = 6.0
_ATTACHMENT_TASK = {"image": "vision", "audio": "audio"}


class Classifier:
    """Compares a request with each task's example utterances, and adds structural signals.

    Args:
        tasks: Example utterances by task; `general` needs none.
        min_confidence: Below this probability of the best task the request is `general`.
    """

    def __init__(self, tasks: Mapping[str, Sequence[str]], *, min_confidence: float = 0.4) -> None:
        self._names = sorted(tasks)
        self._examples = {name: np.stack([_embed(e) for e in tasks[name]]) for name in self._names if tasks[name]}
        self._min_confidence = min_confidence

    def classify(self, request: Request) -> Classification:
        """Classify a conversation by its last user turn and its attachments."""
        return self.classify_text(request.text, modalities=request.modalities)

    def classify_text(self, text: str, *, modalities: tuple[Modality, ...] = ("text",)) -> Classification:
        """Classify one text."""
        signals = [*structural(text), *self._similar(text), *self._attached(modalities)]
        logits = dict.fromkeys(self._names, 0.0)
        for task, _, weight in signals:
            if task in logits:
                logits[task] += weight
        scores = _softmax(logits)
        ranked = sorted(scores, key=lambda name: (-scores[name], name))
        best = ranked[0]
        reasons = [Reason(signal=s, weight=round(w, 2)) for t, s, w in signals if t == best]
        if scores[best] < self._min_confidence and GENERAL in scores:
            reasons = [Reason(signal=f"unsure: {best} is only {scores[best]:.0%} likely", weight=0.0)]
            best = GENERAL
        return Classification(
            scores=scores,
            task=best,
            difficulty=_difficulty(text),
            language=language_of(text),
            modalities=modalities,
            confidence=scores[best],
            runner_up=next((name for name in ranked if name != best), None),
            reasons=tuple(sorted(reasons, key=lambda r: -r.weight)),
        )

    def _similar(self, text: str) -> list[tuple[str, str, float]]:
        vector = _embed(text)
        return [
            (task, "like its examples", _SIMILARITY_WEIGHT * float((examples @ vector).max()))
            for task, examples in self._examples.items()
        ]

    def _attached(self, modalities: tuple[Modality, ...]) -> list[tuple[str, str, float]]:
        return [
            (task, f"{kind} attached", _ATTACHMENT_WEIGHT)
            if kind in modalities
            else (task, f"no {kind} attached", -_ATTACHMENT_WEIGHT)
            for kind, task in _ATTACHMENT_TASK.items()
        ]


def _embed(text: str) -> npt.NDArray[np.float32]:
    """Hash words and character trigrams of the first 2,000 characters into a unit vector."""
    vector = np.zeros(_BUCKETS, np.float32)
    words = text[:2000].lower().split()
    grams = [*words, *(f"{a} {b}" for a, b in itertools.pairwise(words))]
    grams += [word[i : i + 3] for word in words for i in range(len(word) - 2)]
    for gram in grams:
        vector[zlib.crc32(gram.encode("utf-8", "surrogatepass")) % _BUCKETS] += 1
    np.sqrt(vector, out=vector)
    return vector / (float(np.linalg.norm(vector)) or 1.0)


def _softmax(logits: Mapping[str, float]) -> dict[str, float]:
    peak = max(logits.values())
    exps = {name: math.exp(value - peak) for name, value in logits.items()}
    total = sum(exps.values())
    return {name: value / total for name, value in exps.items()}


def _difficulty(text: str) -> float:
    """Grow with length and the number of figures: a rough prior between 0.2 and 0.8."""
    digits = sum(char.isdigit() for char in text[:4000])
    return round(1 / (1 + math.exp(1.4 - 0.9 * math.log10(1 + len(text) / 40) - 0.02 * min(digits, 40))), 3)
