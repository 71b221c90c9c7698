"""Replaces what was found, and remembers what stood there."""

from __future__ import annotations

from qwen_router.config import SecuritySection
from qwen_router_plugins.guards.pii.entity import Entity
from qwen_router_plugins.guards.pii.finding import find_entities
from qwen_router_plugins.guards.pii.pseudonyms import pseudonym, read_key


class Replacement:
    """Replaces in all texts of one request.

    Attributes:
        kinds: What was replaced.
        values: Placeholders and what they stand for; none where they are masks, which stand for many.

    Raises:
        ConfigError: There is no key for pseudonyms.
    """

    def __init__(self, settings: SecuritySection) -> None:
        self._key = read_key(settings.pii_key_env) if settings.pii == "hash" else None
        self.kinds: set[str] = set()
        self.values: dict[str, str] = {}

    def replace(self, text: str) -> str:
        """Return the text with placeholders; a second time changes nothing."""
        # Again, as long as there is something: what is replaced may have hidden what stands beside it.
        while found := find_entities(text):
            pieces, at = [], 0
            for entity in found:
                pieces += [text[at : entity.start], self._placeholder(entity, text[entity.start : entity.end])]
                at = entity.end
            text = "".join([*pieces, text[at:]])
        return text

    def _placeholder(self, entity: Entity, value: str) -> str:
        self.kinds.add(entity.kind)
        if self._key is None:
            return f"[{entity.kind}]"
        name = pseudonym(entity.kind, value, self._key)
        self.values.setdefault(name, value)
        return name
