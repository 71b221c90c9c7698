"""Reads the store of decisions, row by row."""

from __future__ import annotations

import sqlite3
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import quote

from pydantic import ValidationError

from qwen_router.errors import TracesError
from qwen_router.traces.packed import PackedDecision, Slate, load
from qwen_router.traces.schema import check
from qwen_router.traces.trace import COLUMNS, Trace
from qwen_router.traces.unpacking import read_slate, unpack
from qwen_router.types import Decision

_SLATES = 64
_WAIT = 5.0
"""Seconds to wait for another process that holds the file."""


class TraceStore:
    """The decisions of a database as it is when it is opened; others may go on writing. For one thread.

    Args:
        path: The file.

    Raises:
        TracesError: It can't be read, or is of a newer version.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        with self._faults():
            address = f"file:{quote(str(path.absolute()))}?mode=ro"
            self._file = sqlite3.connect(address, timeout=_WAIT, isolation_level=None, uri=True)
            try:
                # What is removed meanwhile stays readable here.
                self._file.execute("begin")
                check(self._file, path)
            except BaseException:
                self._file.close()
                raise
        self._slate = lru_cache(_SLATES)(self._read_slate)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def read(self, *, since: float | None = None, last: int | None = None) -> Iterator[Trace]:
        """Yield the rows in the order in which they were written.

        Args:
            since: Only what was decided from then on, Unix time in seconds.
            last: Only so many, the newest.

        Raises:
            TracesError: The file can't be read.
        """
        # Parts of a statement that are left out aren't looked at; -1 is no limit.
        newest = f"select {COLUMNS} from decision where created >= ? order by id desc limit ?"
        rows = f"select {COLUMNS} from ({newest}) order by id"
        if last is None:
            rows = f"select {COLUMNS} from decision where created >= ? order by id limit ?"
        with self._faults():
            for row in self._file.execute(rows, (since or 0.0, -1 if last is None else last)):
                yield Trace._make(row)

    def packed(self, trace: Trace) -> PackedDecision:
        """Return what a row keeps, its slates apart.

        Raises:
            TracesError: The row is damaged.
        """
        with self._faults():
            return load(trace.body)

    def decision(self, trace: Trace) -> Decision:
        """Return the decision of a row.

        Texts stand in it as they were kept: as keyed hashes, unless `traces.content` was `text`. Without a model it
        can be made again under another policy: each choice has its candidates and the machine.

        Raises:
            TracesError: The file can't be read.
        """
        return unpack(trace, self.packed(trace), self.slate)

    def slate(self, number: int) -> Slate:
        """Return a slate.

        Raises:
            TracesError: The file can't be read.
        """
        with self._faults():
            return self._slate(number)

    def _read_slate(self, number: int) -> Slate:
        found = self._file.execute("select body from slate where id = ?", (number,)).fetchone()
        return read_slate(found[0] if found else b"")

    @contextmanager
    def _faults(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, OSError, zlib.error, ValidationError) as error:
            raise TracesError(
                f"The store of decisions {self.path} can't be read: {str(error).splitlines()[0]}.",
                "Check its permissions; if it is damaged, remove it: the router makes a new one.",
            ) from error
