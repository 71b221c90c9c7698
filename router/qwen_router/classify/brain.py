"""The trained parts together: from a text to what every part sees in it."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from qwen_router.classify import hardness, signals, text
from qwen_router.classify.artefact import Artefact
from qwen_router.classify.embedding import Embedding, Vector
from qwen_router.classify.head import Head, sigmoid, softmax
from qwen_router.classify.language import LanguageModel
from qwen_router.classify.tokens import Pieces


@dataclass(frozen=True)
class Look:
    """What the brain sees in one text.

    Attributes:
        words: the rows of its pieces.
        vector: the pooled embedding, unit length.
        shapes: the structural signals.
        prepared: the task head's features, standardised.
        scores: calibrated, over the built-in tasks.
        stage: the last stage that looked.
    """

    words: list[int]
    vector: Vector
    shapes: Vector
    prepared: Vector
    scores: Vector
    difficulty: float
    language: str
    stage: int = 1


class Brain:
    """Runs the artefact's models; holds no state but memories of seen words."""

    def __init__(self, artefact: Artefact) -> None:
        arrays, meta = artefact.arrays, artefact.meta
        self.tasks: tuple[str, ...] = tuple(meta["tasks"])
        self._math, self._code = [self.tasks.index("math")], [self.tasks.index("code")]
        self.sure = float(meta["sure"])
        self.centroids = arrays["centroids"].astype(np.float32)
        self.vocabulary = artefact.vocabulary
        self.embedding = Embedding(arrays["embedding"], arrays["embedding_scales"])
        self.head, self._difficulty, self._second = (
            Head(*(arrays[f"{name}_{part}"] for part in ("mean", "scale", "weights", "bias")))
            for name in ("task", "difficulty", "encoder")
        )
        self._basis = arrays["encoder_basis"]
        self._blend = float(meta["blend"])
        self._pieces = Pieces(artefact.vocabulary)
        self._languages = LanguageModel(meta["languages"], arrays["language"])

    def look(self, raw: str) -> Look:
        """Run the first stage on a text of any length and content."""
        seen = text.window(raw)
        rows = self._pieces.rows(text.tokens(text.fold(seen)))
        vector = self.embedding.pool(rows)
        shapes = np.array(signals.measure(seen), np.float32)
        shapes[0] = np.log1p(len(raw))
        features = np.concatenate([vector, shapes])
        prepared = self.head.prepare(features)
        scores = softmax(self.head.logits(prepared))
        pieces = np.array([np.log1p(len(rows))], np.float32)
        more = hardness.features(features, pieces, scores[self._math], scores[self._code])
        hard = float(self._difficulty.logits(self._difficulty.prepare(more))[0])
        return Look(rows, vector, shapes, prepared, scores, sigmoid(hard), self._languages.identify(seen))

    def look_again(self, look: Look, encoded: Vector) -> Look:
        """Add the second stage's opinion: the encoder's vector under a head of its own."""
        neutral = encoded @ self._basis.astype(np.float32)
        features = np.concatenate([neutral, look.shapes])
        scores = softmax(self._second.logits(self._second.prepare(features)))
        mixed = self._blend * np.log(scores + 1e-9) + (1 - self._blend) * np.log(look.scores + 1e-9)
        return replace(look, scores=softmax(mixed), stage=2)

    def word(self, row: int) -> str:
        """Return the piece of an embedding row, for a person to read."""
        return self.vocabulary[row] if row < len(self.vocabulary) else "number"
