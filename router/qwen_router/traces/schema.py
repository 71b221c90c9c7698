"""The form of the database, and its version."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import TYPE_CHECKING

from qwen_router.errors import TracesError

if TYPE_CHECKING:
    from qwen_router.config import Settings

VERSION = 1
_APPLICATION = 0x51577254
"""Marks the file as ours: SQLite's `application_id`."""
REACH = 10_000
"""A row may refer to a slate as long as at most so many rows were written since the slate's `born`.

So it is known of a slate, without looking at all rows, that none refers to it any longer.
"""
_TABLES = f"""
create table slate (id integer primary key, born integer not null, body blob not null);
create table decision (
    id integer primary key,
    request_id text not null,
    created real not null,
    user text not null,
    status text not null,
    kind text not null,
    task text not null,
    models text not null,
    thinking integer not null,
    attempts integer not null,
    escalations integer not null,
    seconds real not null,
    first_token real,
    generate real not null,
    input_tokens integer not null,
    output_tokens integer not null,
    thinking_tokens integer not null,
    body text not null
);
pragma application_id = {_APPLICATION};
pragma user_version = {VERSION};
"""


def path_of(settings: Settings) -> Path:
    """Return where the database lies."""
    if settings.traces.path:
        return Path(settings.traces.path).expanduser()
    return settings.state_dir / "traces.sqlite"


def prepare(file: sqlite3.Connection, path: Path) -> None:
    """Make the tables in an empty database, and check the version of another.

    Raises:
        TracesError: It is of a newer version, or another program's.
        sqlite3.Error: It can't be read or written.
    """
    if _version(file) == 0 and _is_empty(file):
        # Only a database without tables takes this: the room of what is removed can then be given back.
        file.execute("pragma auto_vacuum = incremental")
        file.execute("pragma journal_mode = wal")
        file.execute("begin immediate")
        try:
            # Another process may have been first.
            if _is_empty(file):
                for statement in _TABLES.strip().split(";\n"):
                    file.execute(statement)
            file.execute("commit")
        except BaseException:
            file.rollback()
            raise
    check(file, path)
    file.execute("pragma journal_mode = wal")


def check(file: sqlite3.Connection, path: Path) -> None:
    """Check that the database is one that this version reads.

    Raises:
        TracesError: It isn't.
        sqlite3.Error: It can't be read.
    """
    version = _version(file)
    if file.execute("pragma application_id").fetchone()[0] != _APPLICATION:
        raise TracesError(f"{path} is no store of decisions.", "Set traces.path to another file.")
    if version > VERSION:
        raise TracesError(
            f"The store of decisions {path} is of version {version}, by a newer qwen-router; this one knows {VERSION}.",
            "Update qwen-router, or set traces.path to another file.",
        )


def _version(file: sqlite3.Connection) -> int:
    return int(file.execute("pragma user_version").fetchone()[0])


def _is_empty(file: sqlite3.Connection) -> bool:
    return file.execute("select 1 from sqlite_master limit 1").fetchone() is None
