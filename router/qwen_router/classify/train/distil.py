"""Fit piece vectors so that a text's mean vector points where the teacher's sentence vector does."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import torch
from numpy.typing import NDArray

EPOCHS = 6
BATCH = 256
RATE = 5e-3
SMOOTHING = 1e-4

Bag = NDArray[np.int64]
Pair = tuple[Bag, int]


def start(vectors: NDArray[np.float32], chances: NDArray[np.float64]) -> NDArray[np.float32]:
    """Return the table to start from: the teacher's vector of each piece, weighed by its rarity.

    Smooth inverse frequency, a / (a + p), of Arora et al. 2017.
    """
    weights = SMOOTHING / (SMOOTHING + chances / chances.sum())
    table: NDArray[np.float32] = (vectors * weights[:, None]).astype(np.float32)
    return table


def fit(
    table: NDArray[np.float32],
    targets: NDArray[np.float32],
    epoch: Callable[[np.random.Generator], Sequence[Pair]],
    seed: int = 0,
) -> NDArray[np.float32]:
    """Return the table after training on cosine to the targets.

    Args:
        table: (pieces, dimensions) to start from.
        targets: (sentences, dimensions), any length.
        epoch: draws one epoch's (rows of pieces, target) pairs.
    """
    torch.set_num_threads(1)
    chance = np.random.default_rng(seed)
    bag = torch.nn.EmbeddingBag.from_pretrained(torch.tensor(table), freeze=False, mode="mean", sparse=True)
    goal = torch.nn.functional.normalize(torch.tensor(targets), dim=1)
    optimiser = torch.optim.SparseAdam(list(bag.parameters()), lr=RATE)
    steps, step = 0, 0
    for _ in range(EPOCHS):
        pairs = epoch(chance)
        steps = steps or EPOCHS * -(-len(pairs) // BATCH)
        order = chance.permutation(len(pairs))
        for first in range(0, len(order), BATCH):
            for group in optimiser.param_groups:
                group["lr"] = RATE * max(0.02, 1 - step / steps)
            step += 1
            chosen = [pairs[index] for index in order[first : first + BATCH]]
            starts = np.cumsum([0, *(len(rows) for rows, _ in chosen[:-1])])
            pooled = bag(torch.tensor(np.concatenate([rows for rows, _ in chosen])), torch.tensor(starts))
            wanted = goal[[target for _, target in chosen]]
            loss = (1 - (torch.nn.functional.normalize(pooled, dim=1) * wanted).sum(dim=1)).mean()
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimiser.step()  # type: ignore[no-untyped-call]
    fitted: NDArray[np.float32] = bag.weight.detach().numpy()
    return fitted


def quantise(table: NDArray[np.float32], levels: int) -> tuple[NDArray[np.int8], NDArray[np.float16]]:
    """Return 8-bit rows and a scale a row; few levels compress better than 127."""
    scales = np.maximum(np.abs(table).max(axis=1), 1e-8) / levels
    rows = np.clip(np.round(table / scales[:, None]), -levels, levels).astype(np.int8)
    return rows, scales.astype(np.float16)
