"""JSON schemas as masks over the next token, by llguidance."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from qwen_router.errors import BackendUnavailable, InputError
from qwen_router.parsing import CLOSE
from qwen_router_plugins.backends.transformers.vocabulary import Vocabulary

if TYPE_CHECKING:
    import torch
    from llguidance import LLMatcher, LLTokenizer

# Without a bound small models write spaces for ever.
_SPACE = r"[ \n]{0,16}"


class Grammars:
    """Makes grammars for one vocabulary, whose index is built at the first and kept.

    Args:
        size: Width of the model's logits.
    """

    def __init__(self, vocabulary: Vocabulary, size: int) -> None:
        self._vocabulary = vocabulary
        self._size = size
        self._tokenizer: LLTokenizer | None = None
        self._lock = threading.Lock()

    def of(self, schema: dict[str, Any], *, after_thought: bool) -> Grammar:
        """Return the grammar of one answer.

        Args:
            after_thought: Hold the model to the schema only once its thought is closed.

        Raises:
            InputError: The schema isn't one that can be enforced.
            BackendUnavailable: llguidance isn't installed.
        """
        try:
            from llguidance import LLMatcher
        except ImportError:
            raise BackendUnavailable(
                "The transformers backend needs llguidance to hold answers to a JSON schema.",
                "Run `pip install llguidance`.",
            ) from None
        try:
            grammar = LLMatcher.grammar_from_json_schema(schema, overrides={"whitespace_pattern": _SPACE})
        except (ValueError, TypeError) as error:
            raise InputError(f"The JSON schema is not valid: {error}.", "Mend the schema.") from None
        matcher = LLMatcher(self._index(), grammar)
        if matcher.is_error():
            reason = matcher.get_error().splitlines()[0]
            raise InputError(f"The JSON schema can't be enforced: {reason}.", "Use a simpler schema.")
        waits_for = self._vocabulary.specials.get(CLOSE) if after_thought else None
        return Grammar(matcher, self._size, waits_for)

    def _index(self) -> LLTokenizer:
        from llguidance import LLTokenizer

        with self._lock:
            if self._tokenizer is None:
                self._tokenizer = LLTokenizer(
                    self._vocabulary.backend.to_str(), n_vocab=self._size, eos_token=sorted(self._vocabulary.stops)
                )
            return self._tokenizer


class Grammar:
    """What one answer may still say."""

    def __init__(self, matcher: LLMatcher, size: int, waits_for: int | None) -> None:
        self._matcher = matcher
        self._size = size
        self._waits_for = waits_for

    @property
    def complete(self) -> bool:
        """Whether nothing may follow."""
        return self._waits_for is None and self._matcher.is_stopped()

    def mask(self, logits: torch.Tensor) -> torch.Tensor:
        """Return float32 `logits` of shape (size,) with minus infinity wherever the schema forbids the token."""
        import numpy as np
        import torch

        if self._waits_for is not None:
            return logits
        bits = np.frombuffer(self._matcher.compute_bitmask(), dtype=np.uint8)
        allowed = torch.from_numpy(np.unpackbits(bits, bitorder="little")[: self._size].astype(bool))
        return logits.masked_fill(~allowed.to(logits.device), float("-inf"))

    def accept(self, token: int) -> None:
        """Take note of the chosen token."""
        if self._waits_for is None:
            self._matcher.consume_token(token)
        elif token == self._waits_for:
            self._waits_for = None
