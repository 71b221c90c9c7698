"""One call's place in a batch."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from qwen_router.cancellation import Cancellation
from qwen_router.errors import RouterError
from qwen_router_plugins.backends.transformers.grammar import Grammar
from qwen_router_plugins.backends.transformers.prompt import Prompt
from qwen_router_plugins.backends.transformers.sampler import Sampler
from qwen_router_plugins.backends.transformers.vocabulary import StopScanner, Vocabulary

if TYPE_CHECKING:
    import torch

Event = str | RouterError | None
"""A piece of text, an error, or the end."""


class Row:
    """Takes one call's tokens and tells its caller of the text, until a reason to stop.

    The decoding thread calls `choose` and `push`; any thread may call `cancel`, `fail` or read the attributes.

    Attributes:
        produced: Tokens chosen so far, the one that ended the answer included.
        finish_reason: `stop`, `length`, `cancelled` or `deadline`; `None` while it runs.

    Args:
        tell: Called with every event, from the thread where it happens; must not block.
    """

    def __init__(
        self,
        prompt: Prompt,
        sampler: Sampler,
        vocabulary: Vocabulary,
        *,
        max_tokens: int,
        stops: tuple[str, ...],
        grammar: Grammar | None,
        cancellation: Cancellation,
        tell: Callable[[Event], None],
    ) -> None:
        self.prompt = prompt
        self.max_tokens = max_tokens
        self.produced = 0
        self.finish_reason: str | None = None
        self._sampler = sampler
        self._end_tokens = vocabulary.stops
        self._text = vocabulary.text_stream()
        self._scanner = StopScanner(stops)
        self._grammar = grammar
        self._cancellation = cancellation
        self._tell = tell
        self._lock = threading.Lock()

    @property
    def done(self) -> bool:
        """Whether no more tokens are wanted. Notices a cancelled call and a deadline that has passed."""
        if self.finish_reason is None and self._cancellation.stopped:
            self.cancel()
        return self.finish_reason is not None

    @property
    def plain(self) -> bool:
        """Whether the next token is the largest logit as it stands."""
        return self._grammar is None and self._sampler.plain

    def choose(self, logits: torch.Tensor) -> int:
        """Return the next token of float32 `logits`, shape (vocabulary,)."""
        return self._sampler.choose(logits if self._grammar is None else self._grammar.mask(logits))

    def push(self, token: int) -> None:
        """Take the chosen token."""
        if self.done:
            return
        self.produced += 1
        if token in self._end_tokens:
            self._finish("stop", self._scanner.close())
            return
        if self._grammar is not None:
            self._grammar.accept(token)
        shown, stopped = self._scanner.feed(self._text.feed(token))
        if stopped:
            self._finish("stop", shown)
        elif self._grammar is not None and self._grammar.complete:
            self._finish("stop", shown + self._scanner.close())
        elif self.produced >= self.max_tokens:
            rest, stopped = self._scanner.feed(self._text.close())
            self._finish("stop" if stopped else "length", shown + rest + self._scanner.close())
        elif shown:
            self._tell(shown)

    def cancel(self) -> None:
        """End quietly; the decoding thread drops the row at its next token."""
        late = self._cancellation.late and not self._cancellation.cancelled
        self._finish("deadline" if late else "cancelled", "")

    def fail(self, error: RouterError) -> None:
        """End with an error, unless the row is already done."""
        self._finish("error", error)

    def _finish(self, reason: str, last: Event) -> None:
        with self._lock:
            if self.finish_reason is not None:
                return
            self.finish_reason = reason
        if last:
            self._tell(last)
        self._tell(None)
