"""Learn where a small model fails and a large one succeeds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from qwen_router.classify import hardness
from qwen_router.classify.head import Head
from qwen_router.classify.tokens import Pieces
from qwen_router.classify.train import data, heads
from qwen_router.classify.train.data import TASKS
from qwen_router.classify.train.sentences import Corpus, bag, shapes
from qwen_router.classify.train.student import DIMENSIONS

FOLDS = 5
STEPS = 10
BINS = 10
RIDGE = 0.003
VECTOR_SPREAD = 0.4
SHAPE_SPREAD = 0.1
TINY = 1e-6
# How much freer than the weights for all texts those for listed maths, free maths and code are.
FREEDOM = (1.0, 2.0, 4.0, 2.0)
# The one law that holds in subjects never seen, longer is harder, is set by hand: fitted, it drowns.
LENGTH_WEIGHT = 0.15
TRANSLATED = 0.25
# The chance that only the large model is right, on easy, middling and hard rows: an assumption. No
# two models' answers to these rows were at hand; only their order is known, from the sources' levels.
ASSUMED = {
    "MATH": (0.08, 0.18, 0.35),
    "exercism-python": (0.12, 0.20, 0.35),
    "gsm8k-train": (0.08, 0.08, 0.08),
    "MGSM": (0.10, 0.10, 0.10),
}
# What one of these rows weighs beside one of MMLU.
WEIGHTS = {"MATH": 3.0, "exercism-python": 6.0, "gsm8k-train": 1.0, "MGSM": 1.0}
LEVELS = ("easy", None, "hard")

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]
Bags = Sequence[NDArray[np.int64]]


@dataclass(frozen=True)
class Prompts:
    """The prompts with two models' results, as features.

    Attributes:
        features: (prompts, features) of the texts, and ``foreign`` of word for word translations.
    """

    features: Floats
    foreign: Floats
    weak: NDArray[np.bool_]
    strong: NDArray[np.bool_]
    subjects: NDArray[np.str_]
    lengths: Doubles

    @property
    def gain(self) -> Doubles:
        """What the strong model adds: 1 where it alone is right, 0 where the weak one alone is, else 0.5."""
        wanted: Doubles = (1.0 + self.strong - self.weak.astype(float)) / 2
        return wanted

    @property
    def fails(self) -> NDArray[np.bool_]:
        """Where only the strong model is right."""
        alone: NDArray[np.bool_] = ~self.weak & self.strong
        return alone


@dataclass(frozen=True)
class Levelled:
    """Prompts of which only the level is known, as features.

    Attributes:
        levels: easy, hard, or empty for what lies between.
        wanted: the chance assumed that only the large model is right.
        weights: (prompts,) beside 1 for a prompt with two models' results.
    """

    features: Floats
    foreign: Floats
    sources: NDArray[np.str_]
    levels: NDArray[np.str_]
    wanted: Doubles
    weights: Doubles


def read(folder: Path, corpus: Corpus, pool: Callable[[Bags], Floats], head: Head) -> tuple[Prompts, Levelled]:
    """Measure the prompts as the classifier would.

    Args:
        folder: has ``routing/train.jsonl`` and ``difficulty/mmlu.jsonl.gz``.
        pool: from bags of pieces to unit vectors.
        head: the calibrated task head of the first stage.
    """
    rows = data.mmlu(folder)
    prompts = Prompts(
        *measure([row["text"] for row in rows], corpus, pool, head),
        np.array([row["weak"] for row in rows]),
        np.array([row["strong"] for row in rows]),
        np.array([row["subject"] for row in rows]),
        np.array([len(row["text"]) for row in rows], dtype=np.float64),
    )
    known = data.levelled(folder, ASSUMED)
    return prompts, Levelled(
        *measure([row["text"] for row in known], corpus, pool, head),
        np.array([row["source"] for row in known]),
        np.array([row["difficulty"] or "" for row in known]),
        np.array([ASSUMED[row["source"]][LEVELS.index(row["difficulty"])] for row in known]),
        np.array([WEIGHTS[row["source"]] for row in known]),
    )


def measure(texts: Sequence[str], corpus: Corpus, pool: Callable[[Bags], Floats], head: Head) -> tuple[Floats, Floats]:
    """Return the features of the texts, and of word for word translations of them."""
    pieces = Pieces(corpus.vocabulary)
    bags = [bag(pieces, text) for text in texts]
    chance = np.random.default_rng(2)
    shape, count = shapes(texts), np.log1p([[len(each)] for each in bags])

    def look(bags: Bags) -> Floats:
        seen = np.hstack([pool(bags), shape]).astype(np.float32)
        scores = heads.probabilities(head, seen)
        math, code = (scores[:, TASKS.index(task), None] for task in ("math", "code"))
        return hardness.features(seen, count, math, code)

    return look(bags), look([corpus.translated(each, chance) for each in bags])


def fit(prompts: Prompts, levelled: Levelled) -> tuple[Head, dict[str, float]]:
    """Return the yes/no head, calibrated on folds it has not seen, and its scores."""
    wanted = gains(prompts, levelled)
    inside_folds, across_folds = inside_subjects(prompts.subjects), across_subjects(prompts.subjects)
    inside, known = held_out(prompts, levelled, wanted, inside_folds, apart=True)
    across, _ = held_out(prompts, levelled, wanted, across_folds)
    abroad, _ = held_out(prompts, levelled, wanted, across_folds, foreign=True)
    chance = np.random.default_rng(0).random(len(prompts.weak))

    def score(hard: Doubles) -> float:
        return round(apgr(hard, prompts.weak, prompts.strong), 4)

    slope, offset = platt(inside, prompts.fails)
    metrics = {
        "difficulty_apgr": score(inside),
        "difficulty_apgr_unseen_subjects": score(across),
        "difficulty_apgr_unseen_subjects_translated": score(abroad),
        "difficulty_apgr_length": score(prompts.lengths),
        "difficulty_apgr_random": score(chance),
        "difficulty_ece": round(calibration_error(_sigmoid(slope * inside + offset), prompts.fails), 4),
        "difficulty_auc_math_levels": round(_auc(known, levelled, "MATH"), 4),
        "difficulty_auc_code_levels": round(_auc(known, levelled, "exercism-python"), 4),
    }
    everything = np.ones(len(prompts.weak), dtype=bool), np.ones(len(wanted), dtype=bool)
    head = _head(prompts, levelled, wanted, *everything)
    return Head(head.mean, head.scale, head.weights * slope, head.bias * slope + offset), metrics


def gains(prompts: Prompts, levelled: Levelled) -> Doubles:
    """Return the levelled prompts' assumed chances as gains, the scale that the head is fitted on."""
    nobody = Levelled(*(getattr(levelled, name)[:0] for name in Levelled.__dataclass_fields__))
    alone, _ = held_out(prompts, nobody, np.zeros(0), inside_subjects(prompts.subjects))
    slope, offset = platt(alone, prompts.fails)
    return _sigmoid((np.log(levelled.wanted / (1 - levelled.wanted)) - offset) / slope)


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


def held_out(
    prompts: Prompts,
    levelled: Levelled,
    wanted: Doubles,
    folds: NDArray[np.int64],
    *,
    foreign: bool = False,
    apart: bool = False,
) -> tuple[Doubles, Doubles]:
    """Return each prompt's logit from a head that has not seen its fold.

    Args:
        foreign: score the translations.
        apart: keep a fifth of the levelled prompts out of every head as well, and score them too.
    """
    features = prompts.foreign if foreign else prompts.features
    logits, known = np.zeros(len(folds)), np.zeros(len(wanted))
    own = np.arange(len(wanted)) % FOLDS
    for fold in range(FOLDS):
        away = (own == fold) & apart
        head = _head(prompts, levelled, wanted, folds != fold, ~away)
        logits[folds == fold] = head.logits(head.prepare(features[folds == fold]))[:, 0]
        known[away] = head.logits(head.prepare(levelled.features[away]))[:, 0]
    return logits, known


def _head(
    prompts: Prompts,
    levelled: Levelled,
    wanted: Doubles,
    rows: NDArray[np.bool_],
    known: NDArray[np.bool_],
) -> Head:
    both = np.vstack([prompts.features[rows], prompts.foreign[rows], levelled.features[known], levelled.foreign[known]])
    gain, own = prompts.gain[rows], levelled.weights[known]
    weights = np.r_[np.ones(len(gain)), np.full(len(gain), TRANSLATED), own, own * TRANSLATED]
    goal = np.r_[gain, gain, wanted[known], wanted[known]][:, None]
    head = heads.fit(both, goal, weights, RIDGE, _spread(both.shape[1]))
    # The count of pieces closes the first of the sets of weights.
    scale, matrix, count = head.scale.copy(), head.weights.copy(), both.shape[1] // len(FREEDOM) - 1
    scale[count], matrix[count] = scale[count] / TINY, LENGTH_WEIGHT
    return Head(head.mean, scale, matrix, head.bias)


def _spread(size: int) -> Floats:
    """Return how freely each weight may be fitted: next to not at all where it is set by hand."""
    shape = np.full(size // len(FREEDOM) - DIMENSIONS - 2, SHAPE_SPREAD)
    one = np.r_[1.0, np.full(DIMENSIONS, VECTOR_SPREAD), shape, SHAPE_SPREAD]
    spread = np.concatenate([freedom * one for freedom in FREEDOM])
    spread[[0, len(one) - 1]] = TINY
    return spread.astype(np.float32)


def _sigmoid(logits: Doubles) -> Doubles:
    chances: Doubles = 1 / (1 + np.exp(-logits))
    return chances


def _auc(logits: Doubles, levelled: Levelled, source: str) -> float:
    """Return the chance that a hard prompt of a source gets a higher logit than an easy one."""
    own = levelled.sources == source
    easy, hard = (logits[own & (levelled.levels == level)] for level in ("easy", "hard"))
    return float(np.mean(hard[:, None] > easy[None, :]))


def calibration_error(said: Doubles, came_true: NDArray[np.bool_]) -> float:
    """Return the expected calibration error over equal bins (Guo et al. 2017)."""
    bins = np.minimum((said * BINS).astype(int), BINS - 1)
    off = [abs(float(np.sum(said[bins == index] - came_true[bins == index]))) for index in range(BINS)]
    return sum(off) / len(said)


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
