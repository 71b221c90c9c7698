"""Leave one source out at a time: train both stages without it, then classify it."""

from __future__ import annotations

import random
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from qwen_router.classify.tokens import Pieces
from qwen_router.classify.train import sentences, student
from qwen_router.classify.train.data import TASKS, misspell

NOISE = (0.02, 0.05, 0.10)
KEEP = ("first", "second", *(f"noise_{rate}" for rate in NOISE))


@dataclass(frozen=True)
class Unseen:
    """Logits of rows whose source was left out of everything, distillation included.

    Attributes:
        logits: "first", "second", and "noise_…" for the first stage on misspelt text; (rows, tasks).
    """

    logits: dict[str, NDArray[np.float64]]


def leave_out(corpus: sentences.Corpus, keep: Path | None) -> Unseen:
    """Train once a source; ``keep`` stores the logits between runs."""
    if keep is not None and keep.exists():
        with np.load(keep) as kept:
            return Unseen({name: kept[name] for name in KEEP})
    rows = corpus.rows
    logits = {name: np.zeros((len(rows.texts), len(TASKS))) for name in KEEP}
    pieces = Pieces(corpus.vocabulary)
    for source in sorted(set(rows.sources.tolist())):
        out, rest = np.flatnonzero(rows.sources == source), np.flatnonzero(rows.sources != source)
        part = student.train(corpus, rest)
        logits["first"][out], logits["second"][out] = scores(corpus, part, out)
        for rate in NOISE:
            chance = random.Random(3)
            texts = [misspell(rows.texts[index][:1600], rate, chance) for index in out]
            pooled = part.pool([sentences.bag(pieces, text) for text in texts])
            features = np.hstack([pooled, sentences.shapes(texts)]).astype(np.float32)
            logits[f"noise_{rate}"][out] = part.head.logits(part.head.prepare(features))
    if keep is not None:
        np.savez(keep, allow_pickle=False, **logits)
    return Unseen(logits)


def scores(
    corpus: sentences.Corpus, part: student.Student, rows: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the logits of both stages for rows, by text alone."""
    pooled = part.pool([corpus.bags[i] for i in rows])
    shapes = corpus.shapes[rows]
    features = np.hstack([pooled, shapes]).astype(np.float32)
    neutral = corpus.vectors[rows] @ part.basis.astype(np.float32)
    again = np.hstack([neutral, shapes]).astype(np.float32)
    return (
        part.head.logits(part.head.prepare(features)).astype(np.float64),
        part.second.logits(part.second.prepare(again)).astype(np.float64),
    )
