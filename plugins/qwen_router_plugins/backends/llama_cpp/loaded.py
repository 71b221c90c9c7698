"""A GGUF file, loaded: its engine, tokenizer and chat template."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from langchain_core.messages import BaseMessage

from qwen_router.errors import BackendError, WeightsError
from qwen_router_plugins.backends.chat_template import ChatTemplate, opens_thought
from qwen_router_plugins.backends.heap import eager_heap
from qwen_router_plugins.backends.llama_cpp.engine import LlamaEngine
from qwen_router_plugins.backends.llama_cpp.header import read_header
from qwen_router_plugins.backends.llama_cpp.tokenizer import GgufTokenizer


class Prompt(NamedTuple):
    """Token ids, and whether they end inside a thought."""

    ids: list[int]
    opened: bool


class LoadedGguf:
    """What a chat model needs of one file.

    Args:
        model_type: The architecture it has to be of; empty takes the whole family.
        engine: Options of `LlamaEngine`.

    Raises:
        WeightsError: The file is damaged, or no chat model of the Qwen family.
        BackendError: llama.cpp couldn't load it.
    """

    def __init__(self, path: Path, model_type: str = "", **engine: Any) -> None:
        metadata = read_header(path, model_type).metadata
        source = metadata.get("tokenizer.chat_template")
        if not isinstance(source, str):
            raise WeightsError(f"{path} has no chat template.", "Use the GGUF file of an instruction-tuned model.")
        self._tokenizer: GgufTokenizer | None = GgufTokenizer(path, metadata)
        # Some 300,000 strings. What is made beside them and lives on would keep their memory from being given back.
        del metadata
        self.template = ChatTemplate(source, self.tokenizer.specials)
        self.can_think = "enable_thinking" in source
        self.engine = LlamaEngine(path, **engine)

    @property
    def tokenizer(self) -> GgufTokenizer:
        """What makes ids of text.

        Raises:
            BackendError: The model was closed.
        """
        if self._tokenizer is None:
            raise BackendError("The model was closed.", "Load it again.")
        return self._tokenizer

    def close(self) -> None:
        """Stop what runs and give the memory back; the second call does nothing."""
        with eager_heap():
            self.engine.close()
            self._tokenizer = None

    def prompt(
        self,
        messages: Sequence[BaseMessage],
        *,
        thinking: bool = False,
        thought: str | None = None,
        tools: Sequence[dict[str, Any]] | None = None,
    ) -> Prompt:
        """Return the prompt that these messages make, with the model's thought at its end where one is given.

        Raises:
            InputError: A message holds something that the template can't take.
        """
        segments = self.template.segments(messages, thinking=thinking, thought=thought, tools=tools)
        return Prompt(self.tokenizer.encode_segments(segments), opens_thought(segments))
