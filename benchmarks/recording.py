"""A backend that keeps every answer of a greedy model: a changed policy is measured again in minutes."""

from __future__ import annotations

import hashlib
import json
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
from pydantic import ConfigDict, PrivateAttr, SkipValidation

from qwen_router import Backend, Candidate, Model, ModelFiles, Offer, Resources, Settings, hookimpl
from qwen_router_plugins.backends.llama_cpp.backend import LlamaCppBackend


class Record:
    """Answers by what was asked, in a file of JSON lines that survives an interruption."""

    def __init__(self, path: Path) -> None:
        self._path, self._lock = path, threading.Lock()
        self._answers: dict[str, dict[str, Any]] = {}
        if path.exists():
            for line in path.read_text("utf-8").splitlines():
                try:
                    row = json.loads(line)
                except ValueError:
                    # The line that an interruption cut.
                    continue
                self._answers[row["key"]] = row

    def get(self, key: str) -> dict[str, Any] | None:
        """Return what was answered, if it was asked before."""
        return self._answers.get(key)

    def add(self, row: dict[str, Any]) -> None:
        """Keep an answer."""
        with self._lock, self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(row, ensure_ascii=False) + "\n")
            self._answers[row["key"]] = row


class RecordingBackend(LlamaCppBackend):
    """Runs GGUF files with llama.cpp, but answers from the record what was asked before."""

    name = "recorded"

    def __init__(self, record: Record, parallel: int = 1) -> None:
        self._record, self._parallel = record, parallel

    @hookimpl
    def backends(self) -> Sequence[Backend]:
        """Return itself."""
        return (self,)

    def missing(self, settings: Settings) -> str | None:
        """Never miss anything: the built-in backend is switched off in favour of this one."""
        return None

    def offers(self, model: Model, settings: Settings, resources: Resources) -> Sequence[Offer]:
        """Return what llama.cpp offers."""
        return [offer for offer in super().offers(model, settings, resources) if offer.precision == "q4_k_m"]

    def load(self, candidate: Candidate, model: Model, files: ModelFiles, settings: Settings) -> BaseChatModel:
        """Return a model that is loaded when it is first asked something new."""
        load = super().load
        return _RecordingChat(
            record=self._record,
            name=model.id,
            load=lambda: load(candidate, model, files, settings),
            turns=threading.BoundedSemaphore(self._parallel),
        )


class _RecordingChat(BaseChatModel):
    model_config = ConfigDict(arbitrary_types_allowed=True)

    record: SkipValidation[Record]
    name: str
    load: SkipValidation[Callable[[], BaseChatModel]]
    turns: SkipValidation[Any]
    _inner: BaseChatModel | None = PrivateAttr(default=None)
    _lock: Any = PrivateAttr(default_factory=threading.Lock)

    @property
    def _llm_type(self) -> str:
        return "recording"

    def close(self) -> None:
        """Unload what was loaded."""
        if self._inner is not None:
            self._inner.close()  # type: ignore[attr-defined]
            self._inner = None

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        text = "".join(str(c.message.content) for c in self._stream(messages, stop, run_manager, **kwargs))
        return ChatResult(generations=[ChatGeneration(message=AIMessage(text))])

    def _stream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> Iterator[ChatGenerationChunk]:
        asked = [self.name, [[m.type, m.content] for m in messages], stop, sorted(kwargs.items())]
        key = hashlib.sha256(json.dumps(asked, ensure_ascii=False).encode()).hexdigest()
        with self.turns:
            row = self.record.get(key) or self._ask(key, messages, stop, kwargs)
        yield ChatGenerationChunk(
            message=AIMessageChunk(
                content=row["text"],
                usage_metadata=row["usage"],
                response_metadata={"finish_reason": row["finish_reason"], "seconds": row["seconds"]},
            )
        )

    def _ask(
        self, key: str, messages: list[BaseMessage], stop: list[str] | None, options: dict[str, Any]
    ) -> dict[str, Any]:
        with self._lock:
            if self._inner is None:
                self._inner = self.load()
        started = time.perf_counter()
        answer = self._inner.invoke(messages, stop=stop, **options)
        row = {
            "key": key,
            "model": self.name,
            "text": answer.text,
            "usage": answer.usage_metadata,
            "finish_reason": answer.response_metadata.get("finish_reason", "stop"),
            "seconds": round(time.perf_counter() - started, 2),
        }
        self.record.add(row)
        return row
