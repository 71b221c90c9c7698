"""Finds what a model need not know, each stretch of a text once."""

from __future__ import annotations

import re
from itertools import chain

from qwen_router_plugins.guards.pii.accounts import find_cards, find_ibans
from qwen_router_plugins.guards.pii.addresses import find_emails, find_ip_addresses
from qwen_router_plugins.guards.pii.entity import Entity
from qwen_router_plugins.guards.pii.identities import find_identities
from qwen_router_plugins.guards.pii.phones import find_phones
from qwen_router_plugins.guards.pii.pseudonyms import find_placeholders
from qwen_router_plugins.guards.pii.secrets import find_secrets

_NUMBERS = (find_ibans, find_cards, find_identities, find_ip_addresses, find_phones)
# Every number that is looked for has so many digits, so close together, and no more than so much before and after.
_DIGITS = re.compile(r"[0-9](?:[^0-9]{0,12}[0-9]){3,}")
_BEFORE, _AFTER = 24, 24


def find_entities(text: str) -> list[Entity]:
    """Return what is found, in the order of the text; where two overlap, the one whose form says more."""
    taken = bytearray(len(text))
    pieces, at = [], 0
    for start, end in find_placeholders(text):
        taken[start:end] = b"\1" * (end - start)
        # What stands for something already is no number and no word that tells of one.
        pieces += [text[at:start], "_" * (end - start)]
        at = end
    text = "".join([*pieces, text[at:]])
    found = chain(find_secrets(text), find_emails(text))
    around = _around_digits(text)
    for find in _NUMBERS:
        found = chain(found, *(find(text, start, end) for start, end in around))
    kept: list[Entity] = []
    for entity in found:
        if not any(taken[entity.start : entity.end]):
            taken[entity.start : entity.end] = b"\1" * (entity.end - entity.start)
            kept.append(entity)
    return sorted(kept, key=lambda entity: entity.start)


def _around_digits(text: str) -> list[tuple[int, int]]:
    """Return where numbers may be; a stretch ends before the next digits, lest it show only half of a number."""
    digits = [m.span() for m in _DIGITS.finditer(text)]
    following = [*(start for start, _ in digits[1:]), len(text)]
    return [
        (max(0, start - _BEFORE), min(end + _AFTER, after))
        for (start, end), after in zip(digits, following, strict=False)
    ]
