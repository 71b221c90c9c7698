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


def find_cards(text: str, start: int, end: int) -> Iterator[Entity]:
    """Yield numbers of payment cards; those of forms that are not only theirs where a word tells."""
    for found in _DIGITS.finditer(text, start, end):
        for first, last, whole in _groups(found, range(12, 20)):
            number = "".join(filter(str.isdigit, text[first:last]))
            if not luhn.is_valid(number):
                continue
            if _ISSUED.fullmatch(number) or (whole and follows(_CARD_WORDS, text, first)):
                yield Entity("CARD", first, last)


def find_ibans(text: str, start: int, end: int) -> Iterator[Entity]:
    """Yield international bank account numbers."""
    for found in _IBAN.finditer(text, start, end):
        # The country stands at the start of the match alone.
        for first, last, _ in _groups(found, range(15, 35), starts=1):
            if iban.is_valid(text[first:last], check_country=False):
                yield Entity("IBAN", first, last)
                break


def _groups(found: re.Match[str], lengths: range, starts: int = 8) -> Iterator[tuple[int, int, bool]]:
    """Yield the runs of whole groups of a match, the longest first: what follows a number may look like more of it.

    Args:
        lengths: How many characters a run may have, what separates its groups left out.
        starts: With how many of the groups a run may begin, from the first on.

    Returns:
        Where each starts and ends in the text, and whether it is all of the match.
    """
    edges = [m.span() for m in re.finditer(r"[^ -]+", found[0])]
    for size in range(len(edges), 0, -1):
        for first in range(min(starts, len(edges) - size + 1)):
            run = edges[first : first + size]
            if sum(end - start for start, end in run) in lengths:
                yield found.start() + run[0][0], found.start() + run[-1][1], size == len(edges)
