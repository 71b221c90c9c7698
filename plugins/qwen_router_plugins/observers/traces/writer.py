"""Writes rows, and gives up soon where that can't be done."""

from __future__ import annotations

import math
import os
import sqlite3
import threading
import time
from pathlib import Path

from qwen_router import Decision, TracesError
from qwen_router.config_monitoring import TracesSection
from qwen_router.traces import COLUMNS, Packer, Trace
from qwen_router.traces.packing import SlateKey
from qwen_router.traces.schema import REACH
from qwen_router_plugins.observers.traces.content import Content
from qwen_router_plugins.observers.traces.faults import explain, is_busy, is_damaged
from qwen_router_plugins.observers.traces.files import move_aside, open_file
from qwen_router_plugins.observers.traces.janitor import Janitor
from qwen_router_plugins.observers.traces.row import Outcome, row_of

_PATIENCE, _NAP = 0.25, 0.0005
"""Seconds that a call waits at most while another process writes, and between two tries.

Others write for microseconds, but on a machine that is busy with models they may be stopped in the middle.
"""
_QUEUE = 2.0
"""Seconds that it waits at most for the threads before it."""
_PAUSE, _LONGEST_PAUSE = 1.0, 64.0
"""Seconds that nothing is tried after a fault; doubled while it lasts."""
_LOOK = 1.0
"""Seconds between two looks whether the file is still there."""
_COUNT = len(Trace._fields)
_SLATE, _LAST = f"?{_COUNT + 1}", f"?{_COUNT + 2}"
# A slate may have been removed meanwhile, or be too far back to be referred to; see REACH.
_INSERT = f"""
insert into decision ({COLUMNS}) select {", ".join(f"?{at}" for at in range(1, _COUNT + 1))}
where {_SLATE} is null or (
    exists (select 1 from slate where id = {_SLATE}) and coalesce((select max(id) from decision), 0) <= {_LAST}
)
"""
_KEEP = "insert into slate (born, body) select coalesce(max(id), 0), ? from decision returning id, born"


class Writer:
    """Writes to one file. Threads share a writer, processes the file.

    A row is committed when `write` returns. After a fault nothing is tried for a while: calls aren't to wait for it.

    Args:
        path: The file; made when the first row is written.
        rules: How long rows are kept, and how many.
        content: Makes of texts what is kept of them.
    """

    def __init__(self, path: Path, rules: TracesSection, content: Content) -> None:
        self._path, self._content = path, content
        self._lock = threading.Lock()
        self._file: sqlite3.Connection | None = None
        self._inode = 0
        self._packer = Packer(self._keep, text=content.text, exclude=content.exclude)
        self._janitor = Janitor(path, rules)
        self._deadline = self._looked = 0.0
        self._fault = ("", "")
        self._pause, self._retry_at = _PAUSE, 0.0

    def write(self, decision: Decision, outcome: Outcome) -> None:
        """Write a decision's row.

        Raises:
            TracesError: It can't be written, and isn't tried again.
        """
        if not self._lock.acquire(timeout=_QUEUE):
            raise TracesError(
                f"The store of decisions {self._path} is too slow: some aren't stored.",
                "Set traces.path to a faster disk.",
            )
        try:
            now = time.monotonic()
            if now < self._retry_at:
                raise TracesError(*self._fault)
            self._deadline = now + _PATIENCE
            try:
                self._write(decision, outcome)
            except TracesError as error:
                # A newer version's file doesn't become an older one.
                self._give_up(error, math.inf)
                raise
            except (sqlite3.Error, OSError) as error:
                fault = explain(error, self._path)
                self._give_up(fault, self._pause)
                self._pause = min(2 * self._pause, _LONGEST_PAUSE)
                raise fault from error
            self._pause = _PAUSE
        finally:
            self._lock.release()
        self._janitor.wrote()

    def close(self) -> None:
        """Close the file. A later row opens it again."""
        self._janitor.stop()
        with self._lock:
            self._close()

    def _write(self, decision: Decision, outcome: Outcome) -> None:
        """Write a row; once more in a new file where this one is damaged."""
        try:
            self._insert(decision, outcome)
        except sqlite3.DatabaseError as error:
            if not is_damaged(error):
                raise
            inode = self._inode
            self._close()
            move_aside(self._path, inode, error)
            self._insert(decision, outcome)

    def _insert(self, decision: Decision, outcome: Outcome) -> None:
        file = self._opened()
        user = self._content.user(decision.request.user) if decision.request else ""
        try:
            while True:
                packed = self._packer.pack(decision, outcome.text)
                slate = (None, None) if packed.slate is None else (packed.slate.id, packed.slate.born + REACH)
                if self._execute(_INSERT, (*row_of(decision, outcome, user, packed), *slate)).rowcount:
                    break
                self._packer.forget()
            if file.in_transaction:
                file.execute("commit")
        except BaseException:
            self._packer.forget()
            file.rollback()
            raise

    def _keep(self, body: bytes) -> SlateKey:
        """Put a slate into the store, together with the row that is being written."""
        assert self._file is not None
        if not self._file.in_transaction:
            self._execute("begin immediate")
        return SlateKey(*self._file.execute(_KEEP, (body,)).fetchone())

    def _execute(self, statement: str, values: tuple[object, ...] = ()) -> sqlite3.Cursor:
        """Execute a statement, and try again as long as another process writes.

        SQLite's own waiting takes ever longer naps: of several busy processes one would starve.
        """
        assert self._file is not None
        while True:
            try:
                return self._file.execute(statement, values)
            except sqlite3.OperationalError as error:
                if not is_busy(error) or time.monotonic() > self._deadline:
                    raise
                time.sleep(_NAP)

    def _opened(self) -> sqlite3.Connection:
        """Return the file; a new one where somebody has removed or moved it, which is seen within a second."""
        now = time.monotonic()
        if self._file is not None and now > self._looked + _LOOK:
            self._looked = now
            if not _is(self._path, self._inode):
                self._close()
        if self._file is None:
            self._file = open_file(self._path, patience=_PATIENCE)
            self._inode = self._path.stat().st_ino
        return self._file

    def _give_up(self, fault: TracesError, pause: float) -> None:
        # Not the error itself: one that is raised again and again keeps each way that it came.
        self._fault, self._retry_at = (fault.what, fault.fix), time.monotonic() + pause
        self._close()

    def _close(self) -> None:
        file, self._file = self._file, None
        self._packer.forget()
        if file is not None:
            file.close()


def _is(path: Path, inode: int) -> bool:
    try:
        return os.stat(path).st_ino == inode
    except OSError:
        return False
