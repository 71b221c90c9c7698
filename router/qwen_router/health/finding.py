"""What a look at a router's health gives."""

from __future__ import annotations

from typing import Literal

from qwen_router.value import Value

Level = Literal["healthy", "degraded", "unhealthy"]
_LEVELS: tuple[Level, ...] = ("healthy", "degraded", "unhealthy")


class Finding(Value):
    """One thing that was looked at.

    Attributes:
        check: What it was: `models`, `load`, `backend`, `queue`, `memory`, `disk`, `track record`, `observer`,
            `errors`, `latency`, `speed`, `model` (one that was asked), `plugin`, or a plugin's own word.
        subject: Which of several, such as a model or a backend; empty where there is only one.
        status: `degraded`: it works, but not as it should. `unhealthy`: it doesn't work.
        measured: What was found, in a sentence or two.
        recommendation: What to do about it; empty when there is nothing to do.
        value: The figure in `measured`, where there is one; `limit` is from where it counts as too much or too little.
        unit: Of both: `s`, `tokens/s`, `bytes`, or empty for a number or a share.
    """

    check: str
    subject: str = ""
    status: Level = "healthy"
    measured: str
    recommendation: str = ""
    value: float | None = None
    limit: float | None = None
    unit: str = ""


class Health(Value):
    """How a router is: as bad as the worst finding.

    Attributes:
        checked: Unix time in seconds.
        deep: Whether models were asked.
        calls: Calls of the last minutes that the findings rest on; 0 in a fresh process.
    """

    status: Level
    checked: float
    deep: bool
    calls: int
    findings: tuple[Finding, ...]


def worst(levels: list[Level]) -> Level:
    """Return the worst of some levels; `healthy` where there are none."""
    return max(levels, key=_LEVELS.index, default="healthy")
