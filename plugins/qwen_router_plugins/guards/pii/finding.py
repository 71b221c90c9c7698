"""Finds what a model need not know, each stretch of a text once."""

from __future__ import annotations

import re
from itertools import chain

from qwen_router_plugins.guards.pii.accounts import find_cards, find_ibans
from qwen_router_plugins.guards.pii.addresses import find_emails, find_ip_addresses
from qwen_router_plugins.guards.pii.entity import Entity
from qwen_router_plugins.guards.pii.identities import find_identities
from qwen_router_plugins.guards.pii.phones import find_phones
from qwen_router_plugins.guards.pii.pseudonyms import PLACEHOLDER
from qwen_router_plugins.guards.pii.secrets import find_secrets

_NUMBERS = (find_ibans, find_cards, find_identities, find_ip_addresses, find_phones)
# No number that is looked for has fewer digits, so close together.
_SOME_NUMBER = re.compile(r"\d(?:[\W_A-Za-z]{0,6}\d){3}|[0-9A-Fa-f]:[0-9A-Fa-f]")


def find_entities(text: str) -> list[Entity]:
    """Return what is found, in the order of the text; where two overlap, the one whose form says more."""
    found = chain(find_secrets(text), find_emails(text))
    if _SOME_NUMBER.search(text):
        found = chain(found, *(find(text) for find in _NUMBERS))
    taken = [Entity("", *m.span()) for m in PLACEHOLDER.finditer(text)]
    kept: list[Entity] = []
    for entity in found:
        if all(entity.end <= other.start or other.end <= entity.start for other in taken):
            taken.append(entity)
            kept.append(entity)
    return sorted(kept, key=lambda entity: entity.start)
