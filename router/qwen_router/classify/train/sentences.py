"""Everything the small model is trained on, as bags of pieces, with the teacher's vectors beside it."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from qwen_router.classify import signals
from qwen_router.classify.encoder import view
from qwen_router.classify.text import fold, tokens, window
from qwen_router.classify.tokens import Pieces
from qwen_router.classify.train import catalogs, lexicon, teacher, vocabulary
from qwen_router.classify.train.data import TASKS, Rows, misspell
from qwen_router.classify.train.distil import Bag

RATES = (0.02, 0.05, 0.08)


@dataclass(frozen=True)
class Corpus:
    """The rows and the unlabelled sentences, read by teacher and tokeniser.

    Attributes:
        bags, views, noisy: (rows,) pieces of the whole text, of the part the teacher saw, and
            of a misspelt copy.
        shapes, noisy_shapes: (rows, signals).
        vectors: (rows, 384) of the teacher; ``extra_vectors`` likewise for the sentences.
        extra_bags, extra_shapes, extra_languages: the unlabelled sentences.
        lexicon: language to a map from piece row to piece row.
    """

    rows: Rows
    groups: NDArray[np.str_]
    vocabulary: tuple[str, ...]
    chances: NDArray[np.float64]
    piece_vectors: NDArray[np.float32]
    bags: list[Bag]
    views: list[Bag]
    noisy: list[Bag]
    shapes: NDArray[np.float32]
    noisy_shapes: NDArray[np.float32]
    vectors: NDArray[np.float32]
    extra_bags: list[Bag]
    extra_shapes: NDArray[np.float32]
    extra_languages: NDArray[np.str_]
    extra_vectors: NDArray[np.float32]
    lexicon: dict[str, NDArray[np.int64]]

    def translated(self, bag: Bag, chance: np.random.Generator) -> Bag:
        """Return a bag's words in a random language, as far as the lexicon knows them."""
        languages = lexicon.LANGUAGES
        out: Bag = self.lexicon[languages[int(chance.integers(len(languages)))]][bag]
        return out


def read(rows: Rows, cache: Path | None) -> Corpus:
    """Run tokeniser, signals and teacher over everything; the teacher takes most of the training's time."""
    chances = teacher.pieces()
    words = vocabulary.choose(chances, rows.texts)
    piece_vectors = teacher.embed([*words, *vocabulary.NUMBERS], cache)
    known = np.array([chances.get(word, 1e-7) for word in words])
    extra = [*catalogs.sentences(), *lexicon.salads(words, chances)]
    chance = random.Random(7)
    misspelt = [misspell(text[:1600], chance.choice(RATES), chance) for text in rows.texts]
    pieces = Pieces(words)
    return Corpus(
        rows=rows,
        groups=np.array([f"{s}/{TASKS[t]}" for s, t in zip(rows.sources, rows.tasks, strict=True)]),
        vocabulary=words,
        chances=np.r_[known, np.full(len(vocabulary.NUMBERS), np.quantile(known, 0.999))],
        piece_vectors=piece_vectors,
        bags=[bag(pieces, text) for text in rows.texts],
        views=[bag(pieces, view(text)) for text in rows.texts],
        noisy=[bag(pieces, text) for text in misspelt],
        shapes=shapes(rows.texts),
        noisy_shapes=shapes(misspelt),
        vectors=teacher.embed(rows.texts, cache),
        extra_bags=[bag(pieces, text) for _, text in extra],
        extra_shapes=shapes([text for _, text in extra]),
        extra_languages=np.array([language for language, _ in extra]),
        extra_vectors=teacher.embed([text for _, text in extra], cache),
        lexicon=lexicon.build(words, piece_vectors),
    )


def bag(pieces: Pieces, text: str) -> Bag:
    """Return the rows of a text's pieces; never empty."""
    return np.array(pieces.rows(tokens(fold(window(text)))) or [0])


def shapes(texts: Sequence[str]) -> NDArray[np.float32]:
    """Return the (texts, signals) structural signals, the length taken before windowing."""
    measured = np.array([signals.measure(window(text)) for text in texts], np.float32)
    measured[:, 0] = np.log1p([len(text) for text in texts])
    return measured
