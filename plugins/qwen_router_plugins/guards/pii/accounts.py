"""Finds numbers of payment cards and bank accounts by their checksums."""

from __future__ import annotations

import re
from collections.abc import Iterator

from stdnum import iban, luhn

from qwen_router_plugins.guards.pii.entity import Entity, follows

_DIGITS = re.compile(r"(?<![\w.])\d{3,19}(?:[ -]\d{3,7}){0,7}(?!\w|[.,]\d)", re.ASCII)
_IBAN = re.compile(r"(?<![A-Za-z0-9])[A-Za-z]{2}\d{2}(?:[ -]?[A-Za-z0-9]){11,36}(?![A-Za-z0-9])")
_CARD_WORDS = re.compile(
    r"(?i)\b(?:cards?|cc|credit|debit|visa|master ?card|maestro|amex|kreditkarte|karte|tarjeta|carte|carta|cartão)\b|卡"
)
# First digits and lengths: ISO/IEC 7812, https://en.wikipedia.org/wiki/Payment_card_number.
_ISSUED = re.compile(
    r"4(?:\d{12}|\d{15}|\d{18})|(?:5[1-5]|222[1-9]|22[3-9]|2[3-6]|27[01]|2720|220[0-4])\d+(?<=\b\d{16})"
    r"|3[47]\d{13}|(?:6011|64[4-9]|65|62)\d+(?<=\b\d{16})|62\d{15,17}|3(?:0[0-5]|[689])\d{11}"
    r"|35(?:2[89]|[3-8]\d)\d{12}|(?:2131|1800)\d{11}"
)


def find_cards(text: str) -> Iterator[Entity]:
    """Yield numbers of payment cards; those of forms that are not only theirs where a word tells."""
    for start, end, whole in _groups(_DIGITS, text, range(12, 20)):
        number = "".join(filter(str.isdigit, text[start:end]))
        if not luhn.is_valid(number):
            continue
        if _ISSUED.fullmatch(number) or (whole and follows(_CARD_WORDS, text, start)):
            yield Entity("CARD", start, end)


def find_ibans(text: str) -> Iterator[Entity]:
    """Yield international bank account numbers."""
    for start, end, _ in _groups(_IBAN, text, range(15, 35)):
        # Only at the start of a match does a country stand where it should.
        if text[start : start + 2].isalpha() and iban.is_valid(text[start:end], check_country=False):
            yield Entity("IBAN", start, end)


def _groups(pattern: re.Pattern[str], text: str, lengths: range) -> Iterator[tuple[int, int, bool]]:
    """Yield the runs of whole groups of a match, the longest first: what follows a number may look like more of it.

    Args:
        lengths: How many characters a run may have, what separates its groups left out.

    Returns:
        Where each starts and ends, and whether it is all of the match.
    """
    for found in pattern.finditer(text):
        edges = [m.span() for m in re.finditer(r"[^ -]+", found[0])]
        for size in range(len(edges), 0, -1):
            for first in range(len(edges) - size + 1):
                start, end = edges[first][0], edges[first + size - 1][1]
                if end - start - found[0].count(" ", start, end) - found[0].count("-", start, end) in lengths:
                    yield found.start() + start, found.start() + end, size == len(edges)
