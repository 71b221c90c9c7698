"""Something in a text that a model need not know, and the context that gives it away."""

from __future__ import annotations

import re
from dataclasses import dataclass

_CONTEXT = 48
"""Characters before a number in which a word may say what it is."""


@dataclass(frozen=True, slots=True)
class Entity:
    """A stretch of a text; `kind` is a word in capitals, such as `EMAIL`."""

    kind: str
    start: int
    end: int


def follows(words: re.Pattern[str], text: str, start: int) -> bool:
    """Say whether one of the words stands shortly before `start`."""
    return words.search(text, max(0, start - _CONTEXT), start) is not None
