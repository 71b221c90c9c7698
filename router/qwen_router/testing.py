"""Fakes for tests of a plugin or an application: no model, no network, no clock."""

from __future__ import annotations

import json
import threading
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage
from langchain_core.messages.tool import tool_call_chunk
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
from pydantic import ConfigDict, Field, PrivateAttr

from qwen_router.backend import Backend, ModelFiles, Progress, WeightSource
from qwen_router.cancellation import current_cancellation
from qwen_router.catalog import Model
from qwen_router.choice import Candidate, Offer
from qwen_router.config import Settings
from qwen_router.errors import WeightsError
from qwen_router.hookspecs import hookimpl
from qwen_router.resources import Resources


@dataclass(frozen=True)
class Reply:
    """What a fake model says to one call.

    Attributes:
        text: Streamed word by word.
        thinking: Streamed before the text, apart from it. A call that carries a `thought` takes the next reply like
            any other: its text is the answer that follows the thought.
        tool_calls: Name and arguments of each call, after the text.
        error: Raised after the text.
        wait: An event that must be set before the second word comes: holds a call in the middle of its stream.
    """

    text: str = ""
    thinking: str = ""
    finish_reason: str = "stop"
    tool_calls: tuple[tuple[str, dict[str, Any]], ...] = ()
    error: BaseException | None = None
    wait: threading.Event | None = None


@dataclass(frozen=True)
class Call:
    """What a fake model was asked."""

    model: str
    messages: tuple[BaseMessage, ...]
    options: dict[str, Any] = field(default_factory=dict)


class FakeChatModel(BaseChatModel):
    """A chat model with a queue of replies and a history of calls. An empty queue echoes the last message."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    model_name: str = "fake"
    replies: deque[Reply] = Field(default_factory=deque)
    calls: list[Call] = Field(default_factory=list)
    _closed: bool = PrivateAttr(default=False)

    @property
    def _llm_type(self) -> str:
        return "fake"

    @property
    def closed(self) -> bool:
        """Whether the model was unloaded."""
        return self._closed

    def close(self) -> None:
        """Note that the model was unloaded."""
        self._closed = True

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        chunks = list(self._stream(messages, stop, run_manager, **kwargs))
        text = "".join(str(chunk.message.content) for chunk in chunks)
        return ChatResult(generations=[ChatGeneration(message=AIMessage(text))])

    def _stream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> Iterator[ChatGenerationChunk]:
        self.calls.append(Call(self.model_name, tuple(messages), kwargs))
        try:
            # Not `if`: two callers may reach for the last reply.
            reply = self.replies.popleft()
        except IndexError:
            reply = Reply(messages[-1].text)
        cancellation = current_cancellation()
        words = _words(reply.thinking)
        for word in words:
            if cancellation.stopped:
                return
            yield ChatGenerationChunk(message=AIMessageChunk(content="", additional_kwargs={"reasoning_content": word}))
        said = _words(reply.text)
        for at, word in enumerate(said):
            while at == 1 and reply.wait is not None and not reply.wait.wait(0.01):
                if cancellation.stopped:
                    return
            if cancellation.stopped:
                return
            yield ChatGenerationChunk(message=AIMessageChunk(content=word))
        yield from _calls(reply.tool_calls)
        if reply.error is not None:
            raise reply.error
        written = sum(len(_words(m.text)) for m in messages) + len(_words(kwargs.get("thought") or ""))
        yield ChatGenerationChunk(
            message=AIMessageChunk(
                content="",
                usage_metadata={
                    "input_tokens": written,
                    "output_tokens": len(words) + len(said),
                    "total_tokens": written + len(words) + len(said),
                    "output_token_details": {"reasoning": len(words)},
                },
                response_metadata={"finish_reason": reply.finish_reason},
            )
        )


class FakeBackend(Backend):
    """Serves catalogue models with fakes. Register it as a plugin: it brings itself.

    Args:
        models: Catalogue ids that it serves.
        replies: A queue that all its models share.
        name: The backend's name.
        load_error: Raised by every load while it is set.
    """

    # A ClassVar for real backends; several fakes need several names.
    name = "fake"

    def __init__(self, models: Iterable[str], replies: Iterable[Reply | str] = (), *, name: str = "fake") -> None:
        self.name = name  # type: ignore[misc]
        self.models = frozenset(models)
        self.replies = deque(Reply(r) if isinstance(r, str) else r for r in replies)
        self.calls: list[Call] = []
        self.loaded: list[FakeChatModel] = []
        self.load_error: BaseException | None = None

    @hookimpl
    def backends(self) -> Sequence[Backend]:
        """Return itself."""
        return (self,)

    def missing(self, settings: Settings) -> str | None:
        """Never miss anything."""
        return None

    def offers(self, model: Model, settings: Settings, resources: Resources) -> Sequence[Offer]:
        """Offer the models it was given, as if a server had them."""
        return [Offer(precision="served", format="served", device="remote")] if model.id in self.models else []

    def tool_fault(self, model: Model) -> str | None:
        """Let every model call tools that the catalogue lets."""
        return None

    def load(self, candidate: Candidate, model: Model, files: ModelFiles, settings: Settings) -> BaseChatModel:
        """Return a fake that shares this backend's replies and calls."""
        if self.load_error is not None:
            raise self.load_error
        fake = FakeChatModel(model_name=model.id)
        fake.replies, fake.calls = self.replies, self.calls
        self.loaded.append(fake)
        return fake


class AllWeights(WeightSource):
    """Has the files of every model, as far as anybody asks: to see what would be chosen. Nothing can be loaded.

    Register it as a plugin, and name `all` in `weights.sources`.
    """

    name = "all"

    @hookimpl
    def weight_sources(self) -> Sequence[WeightSource]:
        """Return itself."""
        return (self,)

    def find(self, model: Model, offer: Offer, settings: Settings) -> ModelFiles | None:
        """Say that they are here."""
        return ModelFiles(path=Path(), format=offer.format, source=self.name)

    def size(self, model: Model, offer: Offer, settings: Settings) -> int | None:
        """Say that there is nothing to fetch."""
        return 0

    def fetch(self, model: Model, offer: Offer, settings: Settings, progress: Progress) -> ModelFiles:
        """Fail: there are no files.

        Raises:
            WeightsError: Always.
        """
        raise WeightsError(f"{model.id} is only made believe to be here.", "Take a real weight source.")


def _calls(calls: Sequence[tuple[str, dict[str, Any]]]) -> Iterator[ChatGenerationChunk]:
    for at, (name, args) in enumerate(calls):
        call = tool_call_chunk(name=name, args=json.dumps(args), id=f"call_{at}", index=at)
        yield ChatGenerationChunk(message=AIMessageChunk(content="", tool_call_chunks=[call]))


def _words(text: str) -> list[str]:
    """Split after spaces, so that joining gives the text back."""
    return [word + " " for word in text.split(" ")[:-1]] + ([text.split(" ")[-1]] if text.split(" ")[-1] else [])
