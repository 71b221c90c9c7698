"""Learn new tasks at start from a dozen examples each, against a sketch of the built-in tasks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from qwen_router.classify.embedding import Vector

RIDGE = 0.02
# A new task starts from these odds, so that it takes nothing that does not look like its examples.
PRIOR = 0.15


class Learned:
    """One logistic curve a new task, over the pooled embedding.

    The negatives are centroids of the built-in tasks' training vectors (no row is kept),
    and the examples of the other new tasks.

    Args:
        examples: task to the (examples, dimensions) unit vectors of its examples.
        centroids: (centroids, dimensions) of the built-in tasks.
    """

    def __init__(self, examples: Mapping[str, NDArray[np.float32]], centroids: NDArray[np.float32]) -> None:
        self.tasks: Sequence[str] = tuple(examples)
        self._weights = np.zeros((centroids.shape[1], len(examples)), np.float32)
        self._bias = np.zeros(len(examples), np.float32)
        for column, (task, own) in enumerate(examples.items()):
            others = [vectors for name, vectors in examples.items() if name != task]
            against = np.vstack([centroids, *others])
            self._weights[:, column], self._bias[column] = _fit(own, against)

    def odds(self, vector: Vector) -> dict[str, float]:
        """Return each new task's odds against all built-in tasks together."""
        logits = np.clip(vector @ self._weights + self._bias, -12, 12)
        return {task: float(np.exp(logit)) for task, logit in zip(self.tasks, logits, strict=True)}

    def direction(self, task: str) -> Vector:
        """Return what the vector is projected on for a task, to explain a choice."""
        column: Vector = self._weights[:, self.tasks.index(task)]
        return column


def _fit(own: NDArray[np.float32], against: NDArray[np.float32]) -> tuple[Vector, float]:
    """Fit ridge logistic regression by Newton's method; both sides weigh the same."""
    x = np.vstack([own, against]).astype(np.float64) * 10
    x = np.hstack([x, np.ones((len(x), 1))])
    y = np.r_[np.ones(len(own)), np.zeros(len(against))]
    share = np.r_[np.full(len(own), PRIOR / len(own)), np.full(len(against), (1 - PRIOR) / len(against))]
    ridge = np.eye(x.shape[1]) * RIDGE / 10
    ridge[-1, -1] = 1e-6
    weights = np.zeros(x.shape[1])
    for _ in range(20):
        p = 1 / (1 + np.exp(-np.clip(x @ weights, -30, 30)))
        slope = x.T @ (share * (p - y)) + ridge @ weights
        curve = (x * (share * p * (1 - p) + 1e-9)[:, None]).T @ x + ridge
        step = np.linalg.solve(curve, slope)
        weights -= step
        if float(np.abs(step).max()) < 1e-6:
            break
    return (weights[:-1] * 10).astype(np.float32), float(weights[-1])
