"""Draws numbers in one line of text."""

from __future__ import annotations

from collections.abc import Sequence

_BARS, _PLAIN = "▁▂▃▄▅▆▇█", "._-~=+*#"


def sparkline(values: Sequence[float | None], *, unicode: bool = True) -> str:
    """Return a character a value, as high as the value is beside the highest; a space where there is none.

    Args:
        unicode: Whether the terminal shows block characters.
    """
    bars = _BARS if unicode else _PLAIN
    highest = max((v for v in values if v is not None), default=0.0)
    return "".join(" " if not v else bars[min(len(bars) - 1, int(v / highest * len(bars)))] for v in values)
