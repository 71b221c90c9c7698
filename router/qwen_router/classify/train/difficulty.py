"""Learn where a small model fails and a large one succeeds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qwen_router.classify.head import Head
from qwen_router.classify.tokens import Pieces
from qwen_router.classify.train import heads
from qwen_router.classify.train.sentences import Corpus, bag, shapes
from qwen_router.classify.train.student import DIMENSIONS, Student

FOLDS = 5
STEPS = 10
RIDGE = 0.003
VECTOR_SPREAD = 0.4
SHAPE_SPREAD = 0.1
# The one law that holds in subjects never seen, longer is harder, is set by hand: fitted, it drowns.
LENGTH_WEIGHT = 0.15

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Prompts:
    """The prompts with two models' results, as features.

    Attributes:
        features: (prompts, features) of the texts, and ``foreign`` of word for word translations.
        gain: 1 where only the large model is right, 0 where only the small one, 0.5 otherwise.
    """

    features: Floats
    foreign: Floats
    weak: NDArray[np.bool_]
    strong: NDArray[np.bool_]
    subjects: NDArray[np.str_]
    lengths: NDArray[np.float64]

    @property
    def gain(self) -> NDArray[np.float64]:
        """What the strong model adds: 1 where it alone is right, 0 where the weak one alone is, else 0.5."""
        wanted: NDArray[np.float64] = (1.0 + self.strong - self.weak.astype(float)) / 2
        return wanted


def read(rows: Sequence[dict[str, Any]], corpus: Corpus, trained: Student) -> Prompts:
    """Measure the prompts as the classifier would."""
    pieces = Pieces(corpus.vocabulary)
    bags = [bag(pieces, row["text"]) for row in rows]
    chance = np.random.default_rng(2)
    rest = np.c_[shapes([row["text"] for row in rows]), np.log1p([len(each) for each in bags])]
    return Prompts(
        np.hstack([trained.pool(bags), rest]).astype(np.float32),
        np.hstack([trained.pool([corpus.translated(each, chance) for each in bags]), rest]).astype(np.float32),
        np.array([row["weak"] for row in rows]),
        np.array([row["strong"] for row in rows]),
        np.array([row["subject"] for row in rows]),
        np.array([len(row["text"]) for row in rows], dtype=np.float64),
    )


def fit(prompts: Prompts) -> tuple[Head, dict[str, float]]:
    """Return the yes/no head, calibrated on folds it has not seen, and its scores."""
    inside = held_out(prompts, prompts.features, inside_subjects(prompts.subjects))
    across_folds = across_subjects(prompts.subjects)
    across = held_out(prompts, prompts.features, across_folds)
    abroad = held_out(prompts, prompts.foreign, across_folds)
    chance = np.random.default_rng(0).random(len(prompts.weak))

    def score(hard: NDArray[np.float64]) -> float:
        return round(apgr(hard, prompts.weak, prompts.strong), 4)

    metrics = {
        "difficulty_apgr": score(inside),
        "difficulty_apgr_unseen_subjects": score(across),
        "difficulty_apgr_unseen_subjects_translated": score(abroad),
        "difficulty_apgr_length": score(prompts.lengths),
        "difficulty_apgr_random": score(chance),
    }
    head = _head(prompts, np.ones(len(prompts.weak), dtype=bool))
    slope, offset = platt(inside, ~prompts.weak & prompts.strong)
    return Head(head.mean, head.scale, head.weights * slope, head.bias * slope + offset), metrics


def inside_subjects(subjects: NDArray[np.str_]) -> NDArray[np.int64]:
    """Return folds with a fifth of every subject in each."""
    folds = np.zeros(len(subjects), np.int64)
    for subject in set(subjects.tolist()):
        own = np.flatnonzero(subjects == subject)
        folds[own] = np.arange(len(own)) % FOLDS
    return folds


def across_subjects(subjects: NDArray[np.str_]) -> NDArray[np.int64]:
    """Return folds of whole subjects."""
    names = sorted(set(subjects.tolist()))
    return np.array([names.index(subject) % FOLDS for subject in subjects.tolist()])


def held_out(prompts: Prompts, features: Floats, folds: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return each prompt's logit from a head that has not seen its fold."""
    logits = np.zeros(len(folds))
    for fold in range(FOLDS):
        head = _head(prompts, folds != fold)
        logits[folds == fold] = head.logits(head.prepare(features[folds == fold]))[:, 0]
    return logits


def _head(prompts: Prompts, rows: NDArray[np.bool_]) -> Head:
    both = np.vstack([prompts.features[rows], prompts.foreign[rows]])
    size = both.shape[1]
    spread = np.r_[np.full(DIMENSIONS, VECTOR_SPREAD), np.full(size - DIMENSIONS - 1, SHAPE_SPREAD), 1e-6]
    weights = np.r_[np.ones(rows.sum()), np.full(rows.sum(), 0.25)]
    wanted = np.r_[prompts.gain[rows], prompts.gain[rows]][:, None]
    head = heads.fit(both, wanted, weights, RIDGE, spread.astype(np.float32))
    scale, matrix = head.scale.copy(), head.weights.copy()
    scale[-1], matrix[-1] = scale[-1] / 1e-6, LENGTH_WEIGHT
    return Head(head.mean, scale, matrix, head.bias)


def platt(logits: NDArray[np.float64], wanted: NDArray[np.bool_]) -> tuple[float, float]:
    """Return the slope and offset that turn logits into probabilities (Platt 1999)."""
    features = logits[:, None].astype(np.float32)
    head = heads.fit(features, wanted.astype(np.float64)[:, None], np.ones(len(wanted)), 0.0)
    slope = float(head.weights[0, 0] * head.scale[0])
    return slope, float(head.bias[0]) - slope * float(head.mean[0])


def apgr(hard: NDArray[np.float64], weak: NDArray[np.bool_], strong: NDArray[np.bool_]) -> float:
    """Return the average performance gap recovered when the hardest go to the strong model.

    RouteLLM (Ong et al. 2024, arXiv:2406.18665), section 2: the mean over shares of strong
    calls of how much of the gap between the two models the mixture closes; 0.5 by chance.
    """
    curve = recovered(hard, weak, strong)
    return float(np.mean(curve[np.linspace(0, len(hard), STEPS + 1).astype(int)][1:-1]))


def recovered(hard: NDArray[np.float64], weak: NDArray[np.bool_], strong: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return the share of the gap closed with 0, 1, 2, … of the hardest prompts sent to the strong model."""
    order = np.argsort(-hard, kind="stable")
    gains = np.cumsum(strong[order].astype(float) - weak[order])
    curve: NDArray[np.float64] = np.r_[0.0, gains] / gains[-1]
    return curve


def calls_needed(curve: NDArray[np.float64], share: float) -> float:
    """Return the least share of strong calls that closes this share of the gap: CPT of RouteLLM."""
    return float(np.argmax(curve >= share) / (len(curve) - 1))
