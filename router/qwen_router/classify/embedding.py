"""Static multilingual embeddings: the mean of a text's piece vectors."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float32]


class Embedding:
    """A table of one vector a piece, distilled from a sentence encoder.

    The weight of a piece (smooth inverse frequency, Arora et al. 2017, "A simple but
    tough-to-beat baseline for sentence embeddings") is the length of its vector, so
    that pooling is a plain mean. Rows are 8-bit with one scale each.

    Args:
        table: (pieces, dimensions) int8.
        scales: (pieces,) float16.
    """

    def __init__(self, table: NDArray[np.int8], scales: NDArray[np.float16]) -> None:
        self._table = table
        self._scales = scales.astype(np.float32)
        self.dimensions = int(table.shape[1])

    def pool(self, rows: Sequence[int]) -> Vector:
        """Return the unit-length mean of the rows' vectors; zeros where there are none."""
        if not rows:
            return np.zeros(self.dimensions, np.float32)
        index = np.array(rows)
        mean: Vector = self._scales[index] @ self._table[index].astype(np.float32)
        norm = float(np.sqrt(mean @ mean))
        return mean / norm if norm > 0 else mean

    def shares(self, rows: Sequence[int], direction: Vector) -> Vector:
        """Return each row's share of the pooled vector's projection on ``direction``."""
        index = np.array(rows)
        vectors = self._table[index].astype(np.float32) * self._scales[index, None]
        norm = float(np.linalg.norm(vectors.sum(axis=0)))
        shares: Vector = vectors @ direction / max(norm, 1e-9)
        return shares
