"""Train the two stages on chosen rows of a corpus: once for the artefact, once a source to score them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from qwen_router.classify.head import Head
from qwen_router.classify.train import distil, heads, neutral
from qwen_router.classify.train.data import TASKS, balance
from qwen_router.classify.train.sentences import Corpus

DIMENSIONS = 96
LANGUAGE_DIRECTIONS = 24
# The teacher's own directions of task count this many times in what the pieces are fitted to.
EMPHASIS = 8.0
LEVELS = 31
TRANSLATIONS = 2
# Weights of the misspelt, the translated and the unlabelled texts; the rows themselves weigh one.
MISSPELT, TRANSLATED, UNLABELLED = 0.5, 0.5, 0.5
QUIET = 0.3
# Without an attachment there is nothing to see or hear: vision and audio start this far behind.
HUSH = 2.5
RIDGE = 0.01
VECTOR_SPREAD = 1.5
SECOND_DIMENSIONS = 256
SECOND_LANGUAGE_DIRECTIONS = 32
SECOND_RIDGE = 0.3
SECOND_SPREAD = 4.0

Index = NDArray[np.int64]
Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Student:
    """Both stages, trained on the same rows."""

    table: NDArray[np.int8]
    scales: NDArray[np.float16]
    head: Head
    basis: NDArray[np.float16]
    second: Head

    def pool(self, bags: Sequence[NDArray[np.int64]]) -> Floats:
        """Return the (bags, dimensions) unit vectors."""
        return pool(self.table.astype(np.float32) * self.scales.astype(np.float32)[:, None], bags)


def pool(table: Floats, bags: Sequence[NDArray[np.int64]]) -> Floats:
    """Return the unit means of the bags' vectors."""
    means = np.array([table[bag].mean(axis=0) for bag in bags])
    unit: Floats = means / (np.linalg.norm(means, axis=1, keepdims=True) + 1e-9)
    return unit


def train(corpus: Corpus, rows: Index) -> Student:
    """Train on the rows with these indices, and on nothing else of the labelled rows."""
    table, scales = distil.quantise(distilled(corpus, rows), LEVELS)
    return fit_heads(corpus, rows, table, scales)


def fit_heads(corpus: Corpus, rows: Index, table: NDArray[np.int8], scales: NDArray[np.float16]) -> Student:
    """Fit both heads on the rows, over a table that is already distilled."""
    basis, second = _second(corpus, rows)
    encoded = np.hstack([corpus.extra_vectors @ basis.astype(np.float32), corpus.extra_shapes])
    loud = table.astype(np.float32) * scales.astype(np.float32)[:, None]
    tasks, chance = corpus.rows.tasks, np.random.default_rng(1)
    english = rows[corpus.rows.languages[rows] == "en"]
    # (bags, signals, wanted, weight of each)
    parts = [
        ([corpus.bags[i] for i in rows], corpus.shapes[rows], _labels(tasks[rows]), balance(tasks[rows], QUIET)),
        ([corpus.noisy[i] for i in rows], corpus.noisy_shapes[rows], _labels(tasks[rows]),
         MISSPELT * balance(tasks[rows], QUIET)),
        (corpus.extra_bags, corpus.extra_shapes, heads.probabilities(second, encoded.astype(np.float32)),
         np.full(len(encoded), UNLABELLED * len(rows) / len(encoded))),
    ]  # fmt: skip
    for _ in range(TRANSLATIONS):
        bags = [corpus.translated(corpus.bags[i], chance) for i in english]
        weight = TRANSLATED / TRANSLATIONS * len(rows) / len(english)
        parts.append((bags, corpus.shapes[english], _labels(tasks[english]), weight * balance(tasks[english], QUIET)))
    head = heads.fit(
        np.vstack([np.hstack([pool(loud, bags), shapes]) for bags, shapes, _, _ in parts]).astype(np.float32),
        np.vstack([wanted for _, _, wanted, _ in parts]),
        np.concatenate([weight for *_, weight in parts]),
        RIDGE,
        _spread(DIMENSIONS, VECTOR_SPREAD, corpus),
    )
    return Student(table, scales, _hushed(head), basis, _hushed(second))


def _second(corpus: Corpus, rows: Index) -> tuple[NDArray[np.float16], Head]:
    """Return the second stage: language-free directions of the teacher's space, and a head on them."""
    vectors, tasks = corpus.vectors[rows] - corpus.vectors[rows].mean(axis=0), corpus.rows.tasks[rows]
    groups, languages = corpus.groups[rows], corpus.rows.languages[rows]
    language = neutral.directions(vectors, groups, languages, SECOND_LANGUAGE_DIRECTIONS)
    basis = neutral.principal(neutral.without(vectors, language), SECOND_DIMENSIONS).astype(np.float16)
    features = np.hstack([corpus.vectors[rows] @ basis.astype(np.float32), corpus.shapes[rows]])
    spread = _spread(SECOND_DIMENSIONS, SECOND_SPREAD, corpus)
    return basis, heads.fit(features, _labels(tasks), balance(tasks, QUIET), SECOND_RIDGE, spread)


def _hushed(head: Head) -> Head:
    bias = head.bias.copy()
    bias[[TASKS.index("vision"), TASKS.index("audio")]] -= HUSH
    return Head(head.mean, head.scale, head.weights, bias)


def _labels(tasks: Index) -> NDArray[np.float64]:
    labels: NDArray[np.float64] = np.eye(len(TASKS))[tasks]
    return labels


def _spread(dimensions: int, size: float, corpus: Corpus) -> Floats:
    spread: Floats = np.r_[np.full(dimensions, size), np.ones(corpus.shapes.shape[1])].astype(np.float32)
    return spread


def distilled(corpus: Corpus, rows: Index) -> Floats:
    """Return the (pieces, dimensions) table fitted to the teacher on the rows and the unlabelled texts."""
    centre = corpus.vectors[rows].mean(axis=0)
    known, extra = corpus.vectors[rows] - centre, corpus.extra_vectors - centre
    language = neutral.directions(
        np.vstack([known, extra]),
        np.r_[corpus.groups[rows], np.full(len(extra), "unlabelled")],
        np.r_[corpus.rows.languages[rows], corpus.extra_languages],
        LANGUAGE_DIRECTIONS,
    )
    free = neutral.without(np.vstack([known, extra]), language)
    basis = _basis(free, corpus.rows.tasks[rows])
    pieces = corpus.piece_vectors - corpus.piece_vectors.mean(axis=0)
    table = distil.start(neutral.without(pieces, language) @ basis, corpus.chances)
    english = corpus.rows.languages == "en"

    def epoch(chance: np.random.Generator) -> list[distil.Pair]:
        pairs = [(corpus.views[row], target) for target, row in enumerate(rows)]
        pairs += [(corpus.noisy[row], t) for t, row in enumerate(rows) if chance.random() < MISSPELT]
        pairs += [(corpus.translated(corpus.views[row], chance), t) for t, row in enumerate(rows) if english[row]]
        pairs += [(bag, len(rows) + target) for target, bag in enumerate(corpus.extra_bags)]
        return pairs

    return distil.fit(table, free @ basis, epoch)


def _basis(free: Floats, tasks: Index) -> Floats:
    """Return the directions kept: those a linear head on the teacher uses, emphasised, then the principal ones."""
    head = heads.fit(free[: len(tasks)], _labels(tasks), balance(tasks, QUIET), 0.1)
    weights = head.scale[:, None] * head.weights
    weights = weights - weights.mean(axis=1, keepdims=True)
    task = np.linalg.svd(weights, full_matrices=False)[0][:, : len(TASKS) - 1]
    rest = neutral.principal(neutral.without(free, task), DIMENSIONS - len(TASKS) + 1)
    return np.hstack([task * EMPHASIS, rest]).astype(np.float32)
