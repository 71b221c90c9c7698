"""Pictures of the overhead benchmark."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path


def overhead(
    steps: Mapping[str, float], others: Mapping[str, float], memory: Sequence[tuple[int, float]], file: Path
) -> None:
    """Draw milliseconds of the router's steps beside others' whole calls, and resident memory over calls.

    Args:
        steps: Median of each step of `invoke`.
        others: Median of a whole call of everything else.
        memory: (calls, megabytes); may be empty.
    """
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(
        1, 2 if memory else 1, figsize=(11 if memory else 6, 4), dpi=110, layout="constrained", squeeze=False
    )
    left = axes[0][0]
    left.set_title("One call, the model's time excluded")
    bottom = 0.0
    colours = pyplot.get_cmap("tab20").colors
    for (name, spent), colour in zip(steps.items(), colours, strict=False):
        left.bar("router.invoke", spent, bottom=bottom, label=name, color=colour)
        bottom += spent
    for name, spent in others.items():
        left.bar(name, spent, color="0.75")
    left.set_ylabel("median, ms")
    left.tick_params(axis="x", labelrotation=20)
    left.legend(fontsize=7)
    if memory:
        calls, megabytes = zip(*memory, strict=True)
        right = axes[0][1]
        right.set_title("Resident memory")
        right.plot(calls, [m - megabytes[0] for m in megabytes])
        right.axhline(10, color="grey", linestyle=":")
        right.set_xlabel("calls")
        right.set_ylabel("growth, MB")
    figure.savefig(file)
