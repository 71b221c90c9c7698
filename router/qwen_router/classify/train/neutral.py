"""Take the language out of sentence vectors, so that what is learned in one holds in another.

After Yang et al. 2021 ("A simple and effective method to eliminate the self language bias in
multilingual representations", LIR): the directions in which the languages' means differ,
measured inside each source and task so that no task is lost with them, are projected out.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

LEAST_ROWS = 8
LEAST_LANGUAGES = 3


def directions(
    vectors: NDArray[np.float32], groups: NDArray[np.str_], languages: NDArray[np.str_], count: int
) -> NDArray[np.float32]:
    """Return the (dimensions, count) orthonormal directions of language.

    Args:
        vectors: (rows, dimensions).
        groups: (rows,) rows of one source and task, in whatever language.
        languages: (rows,) BCP 47.
        count: how many directions.
    """
    spread = []
    for group in sorted(set(groups.tolist())):
        inside = groups == group
        means = [
            vectors[inside & (languages == language)].mean(axis=0)
            for language in sorted(set(languages[inside].tolist()))
            if int((inside & (languages == language)).sum()) >= LEAST_ROWS
        ]
        if len(means) >= LEAST_LANGUAGES:
            spread.append(np.array(means) - np.mean(means, axis=0))
    return np.linalg.svd(np.vstack(spread), full_matrices=False)[2][:count].T.astype(np.float32)


def without(vectors: NDArray[np.float32], language: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the vectors with the language directions projected out."""
    return (vectors - (vectors @ language) @ language.T).astype(np.float32)


def principal(vectors: NDArray[np.float32], count: int) -> NDArray[np.float32]:
    """Return the (dimensions, count) principal directions of centred vectors."""
    return np.linalg.svd(vectors.T @ vectors / len(vectors))[0][:, :count].astype(np.float32)
