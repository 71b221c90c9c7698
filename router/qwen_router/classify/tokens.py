"""Segment words into pieces of the vocabulary, greedily and with a memory."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

MEMORY = 20_000
LONGEST_WORD = 24
NUMBERS = 5


class Pieces:
    """Maps tokens to rows of the embedding table.

    The vocabulary is that of the teacher (XLM-R SentencePiece, Conneau et al. 2020,
    arXiv:1911.02116), case-folded. Longest match first replaces its Viterbi search:
    dictionary look-ups are all that plain Python can afford.
    Rows after the vocabulary stand for numbers of one to five and more digits.
    """

    def __init__(self, vocabulary: Sequence[str]) -> None:
        self._row = {piece: row for row, piece in enumerate(vocabulary)}
        self._first_number = len(vocabulary)
        self._longest: dict[str, int] = {}
        for piece in vocabulary:
            if len(piece) > self._longest.get(piece[0], 0):
                self._longest[piece[0]] = len(piece)
        self._memory: dict[str, tuple[int, ...]] = {}

    def rows(self, tokens: Iterable[str]) -> list[int]:
        """Return the table rows of the tokens, in order; unknown characters have none."""
        out: list[int] = []
        memory = self._memory
        for token in tokens:
            known = memory.get(token)
            if known is None:
                known = self._segment(token)
                if len(token) <= LONGEST_WORD:
                    if len(memory) >= MEMORY:
                        memory.clear()
                    memory[token] = known
            out += known
        return out

    def _segment(self, token: str) -> tuple[int, ...]:
        if token[0].isdigit():
            return (self._first_number + min(len(token), NUMBERS) - 1,)
        whole = self._row.get(token)
        if whole is not None:
            return (whole,)
        out, start, end = [], 0, len(token)
        while start < end:
            stop = min(end, start + self._longest.get(token[start], 0))
            while stop > start:
                row = self._row.get(token[start:stop])
                if row is not None:
                    out.append(row)
                    break
                stop -= 1
            start = max(stop, start + 1)
        return tuple(out)
