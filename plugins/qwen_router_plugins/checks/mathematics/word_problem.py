"""Tells the problems that a few lines of Python solve: a story with numbers that asks for another number."""

from __future__ import annotations

import re

_NUMBERS = re.compile(
    r"\d[\d.,]*|\b(?:two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|twenty|thirty|forty|fifty|hundred"
    r"|thousand|half|twice|double|triple|dozen|quarter|third)\b",
    re.IGNORECASE,
)
_SYMBOLIC = re.compile(
    r"\\[a-z(\[]|\$[^$\d]*[a-z\\][^$]*\$|[a-z]\s?\(\s?[a-z]\s?\)|\b[a-z]\s?[=^]|=\s?[a-z]\b|\d[a-z]\s?[-+=^]"
    r"|\b(?:prove|proof|show that|explain|why|derivative|integral|integrate|differentiate|simplif\w+"
    r"|factor(?:ise|ize)?\b|expand|in terms of|equation|polynomial|function|matrix|vector|limit of|theorem)",
    re.IGNORECASE,
)
_LEAST_CHARACTERS, _MOST_CHARACTERS = 40, 2000


def is_word_problem(text: str) -> bool:
    """Say whether a request tells numbers and asks for one. Formulas and proofs are none."""
    if not _LEAST_CHARACTERS <= len(text) <= _MOST_CHARACTERS or _SYMBOLIC.search(text):
        return False
    return len(_NUMBERS.findall(text)) >= 2
