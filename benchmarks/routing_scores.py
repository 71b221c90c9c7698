"""The measures of the routing benchmark."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

TASKS = ("math", "code", "vision", "audio", "general")
TEXT = (0, 1, 4)
BINS = 10

Tasks = NDArray[np.int64]


def macro_f1(true: Tasks, found: Tasks, tasks: Sequence[int]) -> float:
    """Return the mean F1 of the tasks; a prediction outside them is a miss."""
    scores = []
    for task in tasks:
        hit = float(((true == task) & (found == task)).sum())
        scores.append(2 * hit / max(1.0, float((true == task).sum() + (found == task).sum())))
    return float(np.mean(scores))


def by_source(true: Tasks, found: Tasks, sources: NDArray[np.str_]) -> dict[str, float]:
    """Return each source's macro-F1 over the tasks it has."""
    return {
        source: macro_f1(true[sources == source], found[sources == source], sorted(set(true[sources == source])))
        for source in sorted(set(sources.tolist()))
    }


def table(true: Tasks, found: Tasks) -> NDArray[np.int64]:
    """Return the (true, found) counts."""
    counts = np.zeros((len(TASKS), len(TASKS)), np.int64)
    np.add.at(counts, (true, found), 1)
    return counts


def calibration(said: NDArray[np.float64], came_true: NDArray[np.bool_]) -> tuple[float, list[float], list[float]]:
    """Return the expected calibration error over ten bins (Guo et al. 2017), and the curve."""
    bins = np.minimum((said * BINS).astype(int), BINS - 1)
    used = [index for index in range(BINS) if (bins == index).any()]
    means = [float(said[bins == index].mean()) for index in used]
    rates = [float(came_true[bins == index].mean()) for index in used]
    sizes = [float((bins == index).mean()) for index in used]
    return sum(size * abs(m - r) for size, m, r in zip(sizes, means, rates, strict=True)), means, rates


def latency(call: Callable[[str], object], texts: Sequence[str]) -> tuple[float, float, float]:
    """Return the median, the 99th percentile and the mean of one call, in milliseconds."""
    taken = []
    for text in texts:
        start = time.perf_counter()
        call(text)
        taken.append((time.perf_counter() - start) * 1e3)
    return float(np.median(taken)), float(np.quantile(taken, 0.99)), float(np.mean(taken))
