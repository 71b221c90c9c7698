"""Finds the loops that models fall into."""

from __future__ import annotations

import re
from dataclasses import dataclass

# Words, single digits and marks; scripts without spaces count by the character.
_TOKEN = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\u0e00-\u0e7f]|[^\W\d_]+|\d|[^\w\s]|_+")
_WITHIN_A_WORD = re.compile(r"(?P<unit>[^\W_]{1,12}?)(?P=unit){39,}")
_LONGEST = 64
_ASKED = re.compile(
    r"\b(?:repeat|over and over|\d+ times|loop(?:ing)? forever|chorus|refrain|wiederhol|r[ée]p[èe]t|repit)", re.I
)


@dataclass(frozen=True)
class Loop:
    """A stretch of text said over and over.

    Attributes:
        unit: What is repeated.
        times: How often, one after the other.
    """

    unit: str
    times: int


def repetition(text: str, prompt: str = "") -> Loop | None:
    """Return the first loop of up to 64 words, or `None`.

    How often is too often falls with the length of what is repeated: from 16 times a word to 4 times a paragraph. Marks
    and digits alone are rules, tables and zeros: they may go on longer. A prompt that asks for repetition gets it.
    """
    if _ASKED.search(prompt):
        return None
    if word := _WITHIN_A_WORD.search(text):
        return Loop(word["unit"], len(word[0]) // len(word["unit"]))
    tokens = list(_TOKEN.finditer(text))
    words = [token[0].casefold() for token in tokens]
    for period in range(1, min(_LONGEST, len(words) // 2) + 1):
        run = 0
        for i in range(period, len(words) + 1):
            if i < len(words) and words[i] == words[i - period]:
                run += 1
                continue
            first = i - run - period
            if run >= period and run // period + 1 >= _too_often(words[first : first + period]):
                unit = text[tokens[first].start() : tokens[first + period - 1].end()]
                return Loop(unit, run // period + 1)
            run = 0
    return None


def _too_often(unit: list[str]) -> int:
    """Return from how many repetitions on a unit is a loop."""
    letters = sum(word[0].isalpha() for word in unit)
    if letters == 0:
        return max(40, 400 // len(unit))
    if len(unit) < 5:
        return 16 if len(unit) == 1 else 12
    # Lines of code and of tables repeat; sentences do so less.
    return 4 if len(unit) > 15 and letters > len(unit) / 2 else 8
