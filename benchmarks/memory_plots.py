"""The picture of the memory benchmark."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from memory_load import Load

_COLOURS = {"bf16": "tab:blue", "int8": "tab:orange", "nf4": "tab:green", "q4_k_m": "tab:red"}
_MARKERS = {"llama_cpp": "s", "transformers": "o"}


def predicted_against_measured(points: Sequence[tuple[Load, int, int]], file: Path) -> None:
    """Draw every load: prediction over measurement in GB, with the band of 10 %."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(6, 5), dpi=110, layout="constrained")
    axes.set_title("Memory of a load, at its peak")
    low, high = min(p for _, _, p in points) / 1e9 * 0.8, max(p for _, _, p in points) / 1e9 * 1.25
    ends = [low, high]
    axes.fill_between(ends, [0.9 * e for e in ends], [1.1 * e for e in ends], color="0.9", label="within 10 %")
    axes.plot(ends, ends, color="grey", linestyle=":")
    for load, predicted, measured in points:
        axes.plot(
            measured / 1e9,
            predicted / 1e9,
            _MARKERS[load.backend],
            color=_COLOURS[load.precision],
            markerfacecolor="none" if load.quant and load.backend == "transformers" else None,
            label=f"{load.backend} {load.precision}" + (" from GGUF" * (load.quant != "" and load.backend[0] == "t")),
        )
    axes.set(xscale="log", yscale="log", xlim=ends, ylim=ends, xlabel="measured, GB", ylabel="predicted, GB")
    ticks = [t for t in (0.5, 0.7, 1, 1.5, 2, 3, 4, 6, 10, 20, 40, 80) if low <= t <= high]
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_locator(matplotlib.ticker.FixedLocator(ticks))
        axis.set_major_formatter(matplotlib.ticker.FormatStrFormatter("%g"))
        axis.set_minor_locator(matplotlib.ticker.NullLocator())
    named = dict(zip(*reversed(axes.get_legend_handles_labels()), strict=True))
    axes.legend(named.values(), named.keys(), loc="upper left")
    figure.savefig(file)
