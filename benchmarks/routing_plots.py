"""Pictures of the routing benchmark."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray


def _figure(title: str) -> tuple[Any, Any]:
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(5, 4), dpi=110, layout="constrained")
    axes.set_title(title)
    return figure, axes


def confusion(counts: NDArray[np.int64], names: Sequence[str], file: Path) -> None:
    """Draw a confusion matrix, rows normalised."""
    figure, axes = _figure("Sources left out: predicted task by true task")
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    for (row, column), share in np.ndenumerate(shares):
        axes.text(column, row, f"{share:.2f}", ha="center", va="center", color="white" if share > 0.5 else "black")
    axes.set_xticks(range(len(names)), names)
    axes.set_yticks(range(len(names)), names)
    axes.set_xlabel("predicted")
    axes.set_ylabel("true")
    figure.savefig(file)


def reliability(curves: Mapping[str, tuple[Sequence[float], Sequence[float]]], file: Path) -> None:
    """Draw mean prediction against observed frequency."""
    figure, axes = _figure("Reliability")
    axes.plot([0, 1], [0, 1], color="grey", linestyle=":")
    for name, (said, seen) in curves.items():
        axes.plot(said, seen, marker="o", label=name)
    axes.set_xlabel("said")
    axes.set_ylabel("came true")
    axes.legend()
    figure.savefig(file)


def cost_quality(curves: Mapping[str, NDArray[np.float64]], file: Path) -> None:
    """Draw the share of the gap recovered against the share of strong calls."""
    figure, axes = _figure("MMLU, subjects left out: gap recovered by strong calls")
    for name, curve in curves.items():
        axes.plot(np.linspace(0, 1, len(curve)), curve, label=name)
    axes.set_xlabel("share of calls to the strong model")
    axes.set_ylabel("performance gap recovered")
    axes.set_ylim(0, 1.05)
    axes.legend()
    figure.savefig(file)


def frontier(points: Mapping[str, tuple[float, float]], file: Path) -> None:
    """Draw macro-F1 against the time of one row."""
    figure, axes = _figure("Quality and latency, sources left out")
    for name, (milliseconds, score) in points.items():
        axes.scatter(milliseconds, score, label=name)
    axes.legend(fontsize=7, loc="lower left")
    axes.set_xscale("log")
    axes.set_xlabel("median ms a row")
    axes.set_ylabel("macro-F1")
    figure.savefig(file)
