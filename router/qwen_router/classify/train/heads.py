"""Fit the linear heads: multinomial and binary logistic regression by L-BFGS."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from qwen_router.classify.head import Head

ITERATIONS = 80


def fit(
    features: NDArray[np.float32],
    wanted: NDArray[np.float64],
    weights: NDArray[np.float64],
    ridge: float,
    spread: NDArray[np.float32] | None = None,
) -> Head:
    """Return the head that fits best.

    Args:
        features: (rows, features), raw.
        wanted: (rows, classes) probabilities, or (rows, 1) for a yes/no head.
        weights: (rows,).
        ridge: penalty on squared weights, beside the mean loss of a row.
        spread: (features,) size each standardised feature shall have, 1 by default; smaller is
            penalised harder.
    """
    torch.set_num_threads(1)
    share = weights / weights.sum()
    mean = (share @ features).astype(np.float32)
    scale = 1 / (np.sqrt(share @ (features - mean) ** 2) + 1e-4)
    if spread is not None:
        scale = scale * spread
    head = Head(mean, scale.astype(np.float32), np.zeros(0, np.float32), np.zeros(0, np.float32))
    x = torch.tensor(head.prepare(features), dtype=torch.float32)
    y = torch.tensor(wanted, dtype=torch.float32)
    w = torch.tensor(share, dtype=torch.float32)[:, None]
    matrix = torch.zeros(x.shape[1], y.shape[1], requires_grad=True)
    bias = torch.zeros(y.shape[1], requires_grad=True)
    optimiser = torch.optim.LBFGS([matrix, bias], max_iter=ITERATIONS, line_search_fn="strong_wolfe")

    def loss() -> torch.Tensor:
        optimiser.zero_grad()
        logits = x @ matrix + bias
        if y.shape[1] == 1:
            each = torch.nn.functional.binary_cross_entropy_with_logits(logits, y, reduction="none")
        else:
            each = -y * torch.log_softmax(logits, dim=1)
        total = (w * each).sum() + ridge * (matrix**2).sum()
        total.backward()  # type: ignore[no-untyped-call]
        return total

    optimiser.step(loss)  # type: ignore[no-untyped-call]
    return Head(head.mean, head.scale, matrix.detach().numpy(), bias.detach().numpy())


def probabilities(head: Head, features: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return (rows, classes) probabilities, or (rows, 1) for a yes/no head."""
    logits = head.logits(head.prepare(features)).astype(np.float64)
    if logits.shape[1] == 1:
        chance: NDArray[np.float64] = 1 / (1 + np.exp(-logits))
        return chance
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    shares: NDArray[np.float64] = powers / powers.sum(axis=1, keepdims=True)
    return shares


def temperature(logits: NDArray[np.float64], tasks: NDArray[np.int64], weights: NDArray[np.float64]) -> float:
    """Return the divisor of the logits that fits best (Guo et al. 2017, arXiv:1706.04599)."""
    best, least = 1.0, np.inf
    for candidate in np.geomspace(0.4, 4, 60):
        scaled = logits / candidate
        scaled = scaled - scaled.max(axis=1, keepdims=True)
        likely = scaled[np.arange(len(tasks)), tasks] - np.log(np.exp(scaled).sum(axis=1))
        loss = -float(weights @ likely)
        if loss < least:
            best, least = float(candidate), loss
    return best
