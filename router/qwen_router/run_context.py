"""What of a surrounding LangChain or LangGraph run reaches the router's own graph."""

from __future__ import annotations

import contextvars
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from langchain_core.callbacks import (
    AsyncCallbackManagerForLLMRun,
    BaseCallbackHandler,
    BaseCallbackManager,
    CallbackManager,
    CallbackManagerForLLMRun,
)
from langchain_core.runnables import RunnableConfig
from langchain_core.runnables.config import var_child_runnable_config
from langchain_core.tracers import BaseTracer

T = TypeVar("T")
RunManager = CallbackManagerForLLMRun | AsyncCallbackManagerForLLMRun
_KEPT = ("callbacks", "tags", "metadata")


@contextmanager
def apart() -> Iterator[None]:
    """Hide the surrounding run but for its callbacks: its thread, checkpointer and stream are not the router's."""
    around = var_child_runnable_config.get() or {}
    with _configured(RunnableConfig(**{key: value for key, value in around.items() if key in _KEPT})):  # type: ignore[typeddict-item]
        yield


@contextmanager
def traced_by(run: RunManager | None) -> Iterator[None]:
    """Let the tracers of a chat model's run see the router's graph, and no other callback.

    The others have the answer from the chat model itself: they would count its tokens twice.

    Args:
        run: `None` where LangChain doesn't tell, in a stream: the graph is then traced beside the chat model, below
            what surrounds both.
    """
    around = (var_child_runnable_config.get() or {}).get("callbacks")
    handlers = run.handlers if run else around.handlers if isinstance(around, BaseCallbackManager) else around or []
    tracers: list[BaseCallbackHandler] = [handler for handler in handlers if isinstance(handler, BaseTracer)]
    parent = run.run_id if run else getattr(around, "parent_run_id", None)
    callbacks = CallbackManager(tracers, inheritable_handlers=tracers, parent_run_id=parent) if tracers else None
    with _configured(RunnableConfig(callbacks=callbacks)):
        yield


def first(items: Iterator[T], run: RunManager | None) -> Iterator[T]:
    """Yield from a stream that starts under `traced_by`, which doesn't reach who reads it."""
    context = contextvars.copy_context()

    def start() -> T:
        with traced_by(run):
            return next(items)

    yield context.run(start)
    yield from items


async def afirst(items: AsyncIterator[T], run: RunManager | None) -> AsyncIterator[T]:
    """Yield what `first` yields."""
    with traced_by(run):
        item = await anext(items)
    yield item
    async for item in items:
        yield item


@contextmanager
def _configured(config: RunnableConfig) -> Iterator[None]:
    token: Any = var_child_runnable_config.set(config)
    try:
        yield
    finally:
        var_child_runnable_config.reset(token)
