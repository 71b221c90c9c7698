"""Which rows go, a piece at a time."""

from __future__ import annotations

import sqlite3
import time

from qwen_router.config_monitoring import TracesSection
from qwen_router.traces.schema import REACH

_PIECE = 200
"""Rows, or pages, at a time: calls that write wait for some milliseconds at most."""
_ENOUGH = 0.9
"""Share of the size that is left once it was too much: so that not every further row makes another go."""
_SPARE = 0.25
"""Share of free pages that is kept for the rows to come."""
_DAY = 86_400.0


class Retention:
    """Removes the oldest rows of a database.

    Rows go in the order in which they were written: a clock that jumped can't keep others from going.
    """

    def __init__(self, file: sqlite3.Connection, rules: TracesSection) -> None:
        self._file = file
        self._oldest = time.time() - rules.keep_days * _DAY
        self._most = int(rules.max_size)
        self._page = int(self._pragma("page_size"))
        self._shrinking = False

    def step(self) -> bool:
        """Do a piece of work; say whether there may be more."""
        return self._remove_old() or self._remove_surplus() or self._give_back()

    def _remove_old(self) -> bool:
        oldest = f"select id, created from decision order by id limit {_PIECE}"
        [last] = self._file.execute(f"select max(id) from ({oldest}) where created < ?", (self._oldest,)).fetchone()
        if last is None:
            return False
        self._remove("id <= ? and created < ?", last, self._oldest)
        return True

    def _remove_surplus(self) -> bool:
        used = (self._pragma("page_count") - self._pragma("freelist_count")) * self._page
        self._shrinking = used > (_ENOUGH if self._shrinking else 1.0) * self._most
        if not self._shrinking:
            return False
        [last] = self._file.execute(f"select max(id) from (select id from decision order by id limit {_PIECE})")
        if last[0] is None:
            return False
        self._remove("id <= ?", last[0])
        return True

    def _remove(self, which: str, *values: float) -> None:
        """Remove rows, and the slates that no other refers to."""
        self._file.execute("begin immediate")
        try:
            self._file.execute(f"delete from decision where {which}", values)
            self._file.execute(f"delete from slate where born + {REACH} < (select min(id) from decision) - 1")
            self._file.execute("commit")
        except BaseException:
            self._file.rollback()
            raise

    def _give_back(self) -> bool:
        """Give free pages back to the disk where there are many, or the file is too large."""
        pages, free = self._pragma("page_count"), self._pragma("freelist_count")
        if not free or (free <= _SPARE * pages and pages * self._page <= self._most):
            return False
        # It frees a page for each row that it returns.
        self._file.execute(f"pragma incremental_vacuum({_PIECE})").fetchall()
        return self._pragma("freelist_count") < free

    def _pragma(self, name: str) -> int:
        return int(self._file.execute(f"pragma {name}").fetchone()[0])
