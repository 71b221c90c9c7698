"""The database behind kept conversations: LangGraph's checkpointers, opened with care."""

from __future__ import annotations

import sqlite3
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from langchain_core.messages import BaseMessage
from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer

from qwen_router.errors import ConfigError, RouterError

_VERSION = 1
"""Of what we keep in the SQLite file; LangGraph's own tables carry no version."""
_BUSY_SECONDS = 30.0
_NEITHER_FIRST_NOR_LAST = """delete from checkpoints where thread_id = :thread and checkpoint_id not in (
    select min(checkpoint_id) from checkpoints where thread_id = :thread
    union select max(checkpoint_id) from checkpoints where thread_id = :thread)"""
_NOT_THE_LAST = """delete from writes where thread_id = :thread and checkpoint_id <> (
    select max(checkpoint_id) from checkpoints where thread_id = :thread)"""


@dataclass(frozen=True)
class ThreadStore:
    """An open database.

    Attributes:
        shown: Its name in messages.
        prune: Drops what a thread's latest checkpoint doesn't need, all but the first, which says when it began.
        close: Closes it.
    """

    saver: BaseCheckpointSaver[str]
    shown: str
    prune: Callable[[str], None]
    close: Callable[[], None]

    @contextmanager
    def reporting(self) -> Iterator[None]:
        """Say in one line what went wrong with the database meanwhile.

        Raises:
            RouterError: It can't be read or written.
        """
        try:
            yield
        except _errors() as error:
            raise _unusable(self.shown, error) from error


def open_store(path: str) -> ThreadStore:
    """Open the database of a `threads.path`.

    Raises:
        ConfigError: The package behind it is not installed.
        RouterError: It can't be used: it is damaged, read-only, out of reach or newer than this version.
    """
    if not path:
        saver = InMemorySaver(serde=_Serializer("memory"))
        return ThreadStore(saver, "memory", lambda thread: _forget(saver, thread), lambda: None)
    if path.startswith(("postgresql://", "postgres://")):
        return _postgres(path)
    return _sqlite(Path(path).expanduser())


class _Serializer(JsonPlusSerializer):
    """Brings nothing to life but messages: LangGraph's own list of safe types holds them."""

    def __init__(self, shown: str) -> None:
        super().__init__(pickle_fallback=False, allowed_msgpack_modules=None)
        self._shown = shown

    def loads_typed(self, data: tuple[str, bytes]) -> Any:
        try:
            value = super().loads_typed(data)
        except Exception as error:
            raise _unusable(self._shown, error) from error
        values = value.get("channel_values") if isinstance(value, dict) else None
        if values and not all(isinstance(message, BaseMessage) for message in values.get("history", ())):
            raise _unusable(self._shown, ValueError("it holds something else than messages"))
        return value


def _forget(saver: InMemorySaver, thread: str) -> None:
    for kept in saver.storage[thread].values():
        for between in sorted(kept)[1:-1]:
            del kept[between]
    latest = saver.get_tuple({"configurable": {"thread_id": thread}})
    versions = latest.checkpoint["channel_versions"] if latest else {}
    for key in [k for k in list(saver.blobs) if k[0] == thread and versions.get(k[2]) != k[3]]:
        del saver.blobs[key]


def _sqlite(path: Path) -> ThreadStore:
    from langgraph.checkpoint.sqlite import SqliteSaver

    shown = str(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = sqlite3.connect(path, timeout=_BUSY_SECONDS, check_same_thread=False)
    except (sqlite3.Error, OSError) as error:
        raise _unusable(shown, error) from error
    saver = SqliteSaver(file, serde=_Serializer(shown))
    try:
        _check_version(file, shown)
        saver.setup()
        # Writes a page: a file that can only be read is noticed before an answer is lost.
        file.executescript(f"pragma synchronous = normal; begin immediate; pragma user_version = {_VERSION}; commit;")
    except sqlite3.Error as error:
        file.close()
        raise _unusable(shown, error) from error
    except RouterError:
        file.close()
        raise

    def prune(thread: str) -> None:
        with saver.cursor() as cursor:
            cursor.execute(_NEITHER_FIRST_NOR_LAST, {"thread": thread})
            cursor.execute(_NOT_THE_LAST, {"thread": thread})

    return ThreadStore(saver, shown, prune, file.close)


def _check_version(file: sqlite3.Connection, shown: str) -> None:
    (version,) = file.execute("pragma user_version").fetchone()
    if version > _VERSION:
        raise RouterError(
            f"The conversations in {shown} were kept by a newer version of qwen-router.",
            "Update with `pip install -U qwen-router`, or set threads.path to another file.",
        )


def _postgres(address: str) -> ThreadStore:
    try:
        from langgraph.checkpoint.postgres import PostgresSaver
        from psycopg.rows import dict_row
        from psycopg_pool import ConnectionPool
    except ImportError:
        raise ConfigError(
            "threads.path is a PostgreSQL address, and its package is not installed.",
            "Run `pip install 'qwen-router[postgres]'`.",
        ) from None
    shown = "postgresql://" + address.partition("://")[2].rpartition("@")[2].partition("?")[0]
    options: dict[str, Any] = {"autocommit": True, "prepare_threshold": 0, "row_factory": dict_row}
    pool = ConnectionPool(address, kwargs=options, min_size=1, max_size=8, timeout=_BUSY_SECONDS, open=False)
    try:
        pool.open(wait=True, timeout=_BUSY_SECONDS)
        saver = PostgresSaver(pool, serde=_Serializer(shown))
        saver.setup()
    except _errors() as error:
        pool.close()
        raise _unusable(shown, error) from error
    return ThreadStore(saver, shown, _leave, pool.close)


def _leave(thread: str) -> None:
    """Leave all: in PostgreSQL, checkpoints share what they hold."""


def _errors() -> tuple[type[Exception], ...]:
    """Return the base of the drivers' errors, PostgreSQL's where it has been imported."""
    driver = sys.modules.get("psycopg")
    return (sqlite3.Error,) if driver is None else (sqlite3.Error, driver.Error)


def _unusable(shown: str, error: Exception) -> RouterError:
    what = " ".join(str(error).split()).rstrip(".")
    return RouterError(
        f"The conversations in {shown} can't be used: {what}.",
        "Mend or move the file, or set threads.path to another one.",
    )
