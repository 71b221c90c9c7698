"""Structural signals of a text: what can be seen without knowing its words."""

from __future__ import annotations

import re

_SIGNALS: dict[str, dict[str, re.Pattern[str]]] = {
    "code": {
        "code fence": re.compile(r"```"),
        "identifiers": re.compile(
            r"\b(?:def|class|import|return|printf?|SELECT|function|const|void)\b[ (]|\w+\(\w*\)|[a-z]+_[a-z]+"
        ),
        "programming words": re.compile(
            r"\b(?:python|javascript|java|rust|golang|c\+\+|sql|regex|function|script|code|bug|compile|unit test)\b",
            re.I,
        ),
    },
    "math": {
        "LaTeX": re.compile(r"\\(?:frac|int|sum|sqrt|cdot|le|ge|boxed)\b|\$[^$]+\$"),
        "equation": re.compile(r"\w?\s*[=<>≤≥]\s*[-\d\w]|\d\s*[-+*/^×÷]\s*\d|[a-z]\^\d", re.I),
        "mathematical words": re.compile(
            r"\b(?:derivative|integral|solve|equation|prove|triangle|probability|calculate|compute|sum|how many)\b",
            re.I,
        ),
    },
}
_WEIGHT = {
    "code fence": 2.5,
    "LaTeX": 2.5,
    "identifiers": 1.2,
    "equation": 1.2,
    "programming words": 1.5,
    "mathematical words": 1.2,
}


def structural(text: str) -> list[tuple[str, str, float]]:
    """Return (task, signal, weight in logits) for each signal in the first 2,000 characters of `text`."""
    # The patterns backtrack: on a megabyte without a space they would take minutes.
    text = text[:2000]
    return [
        (task, name, _WEIGHT[name])
        for task, signals in _SIGNALS.items()
        for name, pattern in signals.items()
        if pattern.search(text)
    ]
