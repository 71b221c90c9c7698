"""Identify the language of a text: by script first, then by character n-grams."""

from __future__ import annotations

import re
import zlib
from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from qwen_router.classify.text import LETTERS

SPAN = 160
MOST_WORDS = 16
LONGEST = 4
MEMORY = 20_000
ENGLISH_PRIOR = 60
"""Votes for English before a word is read: it decides where two or three short words are all there is."""
WORD = re.compile(LETTERS)
LATIN = re.compile(r"[^\W\d_\u0370-\U0010ffff]")
# Lines that are plainly program text say nothing about the language of the comments.
PROGRAM = re.compile(
    r"^.*(?:[{};]|\w\(.*\)|\w = |=>|->|>>>|::|^\s*(?:import|from|package|using|def|class|func|fn)\b).*$", re.M
)
BLOCKS = {  # Unicode blocks by code point // 128
    "el": range(6, 8), "hy": (10,), "he": (11,), "bn": (19,), "pa": (20,), "gu": (21,), "or": (22,),
    "ta": (23,), "te": (24,), "kn": (25,), "ml": (26,), "si": (27,), "th": (28,), "lo": (29,),
    "bo": (30, 31), "my": (32,), "ka": (33,), "am": range(36, 39), "km": (47,), "ja": (96, 97),
    "ko": (*range(344, 432), 34, 35), "zh": range(104, 320),
}  # fmt: skip
SHARED = {"Cyrillic": (8, 9), "Arabic": (12, 13, 14), "Devanagari": (18,)}
MEMBERS = {
    "Cyrillic": ("ru", "uk", "bg", "mk", "sr"),
    "Arabic": ("ar", "fa", "ur"),
    "Devanagari": ("hi", "mr"),
}
GROUP = {block: name for table in (BLOCKS, SHARED) for name, blocks in table.items() for block in blocks}


def grams(word: str) -> list[str]:
    """Return a folded word's own name and its n-grams of 1 to 4, ends marked."""
    marked = f"<{word}>"
    out = [f"={word}"] if len(word) > 2 else []
    for size in range(2, LONGEST + 1):
        out += [marked[i : i + size] for i in range(len(marked) - size + 1)]
    return out


def bucket(gram: str, size: int) -> int:
    """Return the row of an n-gram in a table of ``size`` rows."""
    return zlib.crc32(gram.encode()) % size


def script(text: str) -> str:
    """Return a language that owns the text's script, or the name of a shared script."""
    points = np.frombuffer(text.encode("utf-32-le"), np.uint32)
    foreign = points[(points > 0x36F) & ((points < 0x3000) | (points > 0x3020))]
    found: Counter[str] = Counter()
    for block, count in enumerate(np.bincount(foreign >> 7).tolist() if len(foreign) else ()):
        if count and (name := GROUP.get(block)) is not None:
            found[name] += count
    if not found:
        return "Latin"
    if found["ja"] * 12 > found["zh"]:
        found["ja"] += found.pop("zh", 0)
    name, count = found.most_common(1)[0]
    latin = len(LATIN.findall(text))
    # A Latin letter carries less than a letter of most other scripts, and code is Latin everywhere.
    return name if count * 4 > latin else "Latin"


class LanguageModel:
    """Naive Bayes over hashed n-grams (Cavnar and Trenkle 1994 for the idea), one table for all scripts."""

    def __init__(self, languages: Sequence[str], table: NDArray[np.int8]) -> None:
        self._languages = list(languages)
        self._table = table
        self._memory: dict[str, tuple[int, ...]] = {}
        taken = {code for codes in MEMBERS.values() for code in codes}
        shared = {**MEMBERS, "Latin": tuple(code for code in languages if code not in taken)}
        self._columns = {
            name: np.array([self._languages.index(code) for code in codes if code in self._languages])
            for name, codes in shared.items()
        }

    def identify(self, text: str) -> str:
        """Return the BCP 47 code of a windowed, unfolded text; "und" where nothing is a letter."""
        if not text.isascii() and (name := script(text[: 2 * SPAN])) != "Latin":
            columns = self._columns.get(name)
            if columns is None:
                return name
        else:
            columns = self._columns["Latin"]
        head = text[: 3 * SPAN]
        # A single line is kept whatever it is: there is no other.
        prose = PROGRAM.sub("", head) if "\n" in head else head
        words = WORD.findall((prose if len(prose) >= 20 else text)[:SPAN].lower())
        if not words:
            return "und" if not WORD.search(text) else "en"
        rows = [row for word in set(words[:MOST_WORDS]) for row in self._rows(word)]
        votes = self._table[rows].sum(axis=0, dtype=np.int32)
        votes[self._languages.index("en")] += ENGLISH_PRIOR
        return self._languages[int(columns[votes[columns].argmax()])]

    def _rows(self, word: str) -> tuple[int, ...]:
        known = self._memory.get(word)
        if known is None:
            word = word[:20]
            known = tuple(bucket(gram, len(self._table)) for gram in grams(word))
            if len(self._memory) >= MEMORY:
                self._memory.clear()
            self._memory[word] = known
        return known
