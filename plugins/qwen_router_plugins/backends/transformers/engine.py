"""A loaded model at work: calls become rows, and rows go to the decoding thread."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from langchain_core.messages import BaseMessage
from pydantic import ValidationError

from qwen_router.cancellation import current_cancellation
from qwen_router.config import Settings
from qwen_router.errors import InputError
from qwen_router.request import Sampling
from qwen_router_plugins.backends.heap import eager_heap
from qwen_router_plugins.backends.transformers.batch import Batcher, closed
from qwen_router_plugins.backends.transformers.checkpoint import Checkpoint
from qwen_router_plugins.backends.transformers.grammar import Grammars
from qwen_router_plugins.backends.transformers.row import Event, Row
from qwen_router_plugins.backends.transformers.sampler import Sampler


@dataclass(frozen=True)
class Options:
    """What one call asks for: the keywords of `qwen_router.backend.call_options`."""

    sampling: Sampling
    thinking: bool = False
    thought: str | None = None
    json_schema: dict[str, Any] | None = None

    @classmethod
    def of(cls, keywords: Mapping[str, Any]) -> Options:
        """Read a call's keywords; a value of `None` counts as left out.

        Raises:
            InputError: An unknown keyword or a value out of range.
        """
        given = {key: value for key, value in keywords.items() if value is not None}
        thinking, thought = bool(given.pop("thinking", False)), given.pop("thought", None)
        schema = given.pop("json_schema", None)
        if "max_tokens" in given:
            given["max_new_tokens"] = given.pop("max_tokens")
        try:
            return cls(Sampling(**given), thinking, thought, schema)
        except ValidationError as error:
            first = error.errors()[0]
            option = ".".join(str(part) for part in first["loc"])
            raise InputError(
                f"The option {option} = {first['input']!r} can't be used: {first['msg']}.", "Mend the call's options."
            ) from None


class Engine:
    """Owns a checkpoint and its decoding thread until it is closed. Threads may share it.

    Attributes:
        checkpoint: The loaded model; `None` once closed.

    Args:
        options: Keywords of `Batcher` to change, such as `gather`.
    """

    def __init__(self, checkpoint: Checkpoint, settings: Settings, **options: Any) -> None:
        self.name = checkpoint.prompts.name
        self._settings = settings
        self.checkpoint: Checkpoint | None = checkpoint
        self._device = checkpoint.network.device
        self._grammars = Grammars(checkpoint.prompts.vocabulary, checkpoint.width)
        self._lock = threading.Lock()
        self.batcher = Batcher(
            checkpoint.network,
            name=self.name,
            pad=checkpoint.prompts.vocabulary.pad,
            image_token=checkpoint.image_token,
            max_batch=settings.backends.transformers.max_batch,
            capacity=checkpoint.context,
            **options,
        )

    def prepare(self, messages: Sequence[BaseMessage], options: Options, tell: Callable[[Event], None]) -> Row:
        """Return the row of a call, ready for `submit`: tokenised, media decoded.

        Raises:
            InputError: A conversation, an attachment, an option or a schema that can't be used, or a prompt that is
                longer than the context.
            BackendError: The engine is closed.
        """
        checkpoint = self.checkpoint
        if checkpoint is None:
            raise closed(self.name)
        sampling = options.sampling
        thinking, thought = options.thinking, options.thought
        prompt = checkpoint.prompts.build(messages, thinking=thinking, thought=thought, limits=self._settings.limits)
        room = checkpoint.context - len(prompt.ids)
        if room < 1:
            raise InputError(
                f"The prompt has {len(prompt.ids):,} tokens, but {self.name} was loaded with a context of "
                f"{checkpoint.context:,}.",
                "Shorten it, or raise sizing.context.",
            )
        grammar = None
        if options.json_schema is not None:
            after_thought = prompt.opened or (thinking and thought is None)
            grammar = self._grammars.of(options.json_schema, after_thought=after_thought)
        return Row(
            prompt,
            Sampler(sampling, prompt.ids, checkpoint.width, self._device),
            checkpoint.prompts.vocabulary,
            max_tokens=min(room, sampling.max_new_tokens or self._settings.generation.max_new_tokens),
            stops=sampling.stop,
            grammar=grammar,
            cancellation=current_cancellation(),
            tell=tell,
        )

    def submit(self, row: Row) -> None:
        """Queue a row.

        Raises:
            BackendError: The engine is closed.
        """
        self.batcher.submit(row)

    def close(self) -> None:
        """End running calls with an error and give the memory back; a second call does nothing."""
        with self._lock:
            if self.checkpoint is None:
                return
            with eager_heap():
                self.batcher.close()
                self.checkpoint = None
        if torch.cuda.is_available():
            torch.cuda.empty_cache()
