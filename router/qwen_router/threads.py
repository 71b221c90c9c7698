"""Conversations that are kept: in memory, in an SQLite file or in PostgreSQL."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from langchain_core.messages import AnyMessage, HumanMessage
from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import CheckpointTuple

from qwen_router.config import Settings
from qwen_router.errors import InputError
from qwen_router.graph import Graph, build_graph
from qwen_router.request import text_of
from qwen_router.thread_store import ThreadStore, open_store
from qwen_router.value import Value

_FIRST_WORDS = 60


class Thread(Value):
    """What is kept of one conversation.

    Attributes:
        created: Unix time of its first turn, `updated` of its latest.
        messages: How many there are.
        first_words: How its first question begins, on one line.
    """

    id: str
    created: float
    updated: float
    messages: int
    first_words: str


class Threads:
    """The kept conversations of a router. Nothing is opened before the first is used.

    Every method raises `RouterError` when the database can't be used, and `InputError` for a conversation it hasn't.
    """

    def __init__(self, settings: Settings) -> None:
        self._path = settings.threads.path
        self._lock = threading.Lock()
        self._opened: tuple[ThreadStore, Graph] | None = None

    def list(self) -> list[Thread]:
        """Return every conversation, the latest first."""
        store = self._store
        with store.reporting():
            found: dict[str, list[CheckpointTuple]] = {}
            for kept in store.saver.list(None):
                found.setdefault(kept.config["configurable"]["thread_id"], []).append(kept)
        threads = [_described(name, kept) for name, kept in found.items()]
        return sorted((t for t in threads if t.messages), key=lambda thread: -thread.updated)

    def history(self, thread: str) -> tuple[AnyMessage, ...]:
        """Return the messages of a conversation."""
        return _history(self._latest(thread))

    def fork(self, thread: str, new: str) -> None:
        """Go on with a conversation under another name; both are kept.

        Raises:
            InputError: There is no such conversation, or one of the new name.
        """
        kept, store = self._latest(thread), self._store
        with store.reporting():
            if store.saver.get_tuple(_config(new)) is not None:
                raise InputError(f"There is a conversation {new!r} already.", "Take another name, or delete it.")
            target: RunnableConfig = {"configurable": {"thread_id": new, "checkpoint_ns": ""}}
            versions = kept.checkpoint["channel_versions"]
            store.saver.put(target, kept.checkpoint, kept.metadata, versions)

    def delete(self, thread: str) -> None:
        """Forget a conversation."""
        self._latest(thread)
        with self._store.reporting():
            self._store.saver.delete_thread(thread)

    @contextmanager
    def writing(self, thread: str) -> Iterator[Graph]:
        """Give the graph that keeps conversations; drop what only led up to the thread's latest turn."""
        store, graph = self._open()
        with store.reporting():
            yield graph
            store.prune(thread)

    def close(self) -> None:
        """Close the database."""
        with self._lock:
            opened, self._opened = self._opened, None
        if opened is not None:
            opened[0].close()

    @property
    def _store(self) -> ThreadStore:
        return self._open()[0]

    def _open(self) -> tuple[ThreadStore, Graph]:
        with self._lock:
            if self._opened is None:
                store = open_store(self._path)
                self._opened = store, build_graph(store.saver)
            return self._opened

    def _latest(self, thread: str) -> CheckpointTuple:
        store = self._store
        with store.reporting():
            kept = store.saver.get_tuple(_config(thread))
        if kept is None:
            raise InputError(
                f"There is no conversation {thread!r}.", "See `Router.threads.list()` for those there are."
            )
        return kept


def _config(thread: str) -> RunnableConfig:
    return {"configurable": {"thread_id": thread}}


def _history(kept: CheckpointTuple) -> tuple[AnyMessage, ...]:
    return tuple(kept.checkpoint["channel_values"].get("history", ()))


def _described(name: str, kept: list[CheckpointTuple]) -> Thread:
    times = [datetime.fromisoformat(k.checkpoint["ts"]).timestamp() for k in kept]
    latest = max(kept, key=lambda k: k.checkpoint["id"])
    messages = _history(latest)
    asked = next((text_of(m) for m in messages if isinstance(m, HumanMessage)), "")
    return Thread(
        id=name,
        created=min(times),
        updated=max(times),
        messages=len(messages),
        first_words=" ".join(asked.split())[:_FIRST_WORDS],
    )
