"""One piece of evidence for an attack: what to look for, and where it is worth looking."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import islice

GAP = r"(?:\W++[\w'’]++){0,%d}?\W+"
"""Between two words of a pattern: so many others, in any punctuation."""


@dataclass(frozen=True)
class Evidence:
    """A pattern, and what its presence says before any row was seen.

    Attributes:
        name: what a person reads in the reasons.
        kind: the kind of attack it belongs to, or `benign`.
        pattern: looked for in folded text.
        hints: what every match has, so that other texts aren't searched: alternatives, each of sets of words that must
            all be met. Empty always searches.
        scripts: whether it is in scripts beyond ASCII: a text in ASCII isn't searched.
        prior: log odds for `kind` that training starts from and is pulled back to.
    """

    name: str
    kind: str
    pattern: re.Pattern[str]
    hints: tuple[tuple[frozenset[str], ...], ...]
    prior: float
    scripts: bool = False

    def found(self, text: str, words: frozenset[str]) -> float:
        """Return how much of it a folded text holds: 0, 1, and a third more for the second and the third time each."""
        if (self.scripts and text.isascii()) or not self._hinted(words):
            return 0.0
        count = sum(1 for _ in islice(self.pattern.finditer(text), 3))
        return (count + 2) / 3 if count else 0.0

    def _hinted(self, words: frozenset[str]) -> bool:
        # Loops, not generators: this runs for every evidence on every text.
        for together in self.hints:
            for each in together:
                if each.isdisjoint(words):
                    break
            else:
                return True
        return not self.hints


def evidence(name: str, kind: str, prior: float, pattern: str, hints: str = "", *, scripts: bool = False) -> Evidence:
    """Return a piece of evidence.

    Args:
        pattern: `~N` in it is a gap of up to N words.
        hints: words, with a space between; `&` between words of which both sides are needed, `|` between alternatives.
    """
    spelled = re.sub(r"~(\d)", lambda found: GAP % int(found[1]), pattern)
    alternatives = tuple(
        tuple(frozenset(each.split()) for each in alternative.split("&"))
        for alternative in hints.split("|")
        if alternative
    )
    return Evidence(name, kind, re.compile(spelled), alternatives, prior, scripts)
