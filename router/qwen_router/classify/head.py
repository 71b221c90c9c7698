"""Linear heads over features: softmax for the task, a logistic curve for difficulty."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float32]


@dataclass(frozen=True)
class Head:
    """Standardises features, weighs them, and turns the sums into probabilities.

    Attributes:
        mean, scale: (features,) subtracted from and multiplied into the features.
        weights: (features, classes).
        bias: (classes,).
    """

    mean: Vector
    scale: Vector
    weights: Vector
    bias: Vector

    def prepare(self, features: Vector) -> Vector:
        """Return the features centred, scaled and bounded."""
        # A count far outside training must not outweigh everything else.
        prepared: Vector = np.clip((features - self.mean) * self.scale, -4, 4)
        return prepared

    def logits(self, prepared: Vector) -> Vector:
        """Return one number a class."""
        numbers: Vector = prepared @ self.weights + self.bias
        return numbers


def softmax(logits: NDArray[np.float32]) -> Vector:
    """Return probabilities that sum to one."""
    powers: Vector = np.exp(logits - logits.max())
    total: Vector = powers / powers.sum()
    return total


def sigmoid(number: float) -> float:
    """Return the logistic function, safe for any finite number."""
    return float(1 / (1 + np.exp(-np.clip(number, -30, 30))))
