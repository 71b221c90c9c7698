"""Removes what is too old or too much, beside the calls."""

from __future__ import annotations

import logging
import sqlite3
import threading
from pathlib import Path

from qwen_router import RouterError
from qwen_router.config_monitoring import TracesSection
from qwen_router_plugins.observers.traces.files import open_file
from qwen_router_plugins.observers.traces.retention import Retention

_log = logging.getLogger(__name__)
_ROWS, _SECONDS = 500, 600.0
"""Rows from one look to the next, and seconds that are waited for them."""
_NAP = 0.01
"""Seconds between two pieces of work, so that calls can write."""
_PATIENCE = 1.0
_LAST_WORK = 2.0
"""Seconds that the end of a router waits for a piece of work at most."""


class Janitor:
    """Tidies the file up in a thread of its own, which begins with the first row.

    It does a piece at a time: short programs, one after the other, get through all the same.
    """

    def __init__(self, path: Path, rules: TracesSection) -> None:
        self._path, self._rules = path, rules
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._stopping = threading.Event()
        self._due = threading.Event()
        self._rows = 0

    def wrote(self) -> None:
        """Be told of a row."""
        self._rows += 1
        if self._rows % _ROWS == 0:
            self._due.set()
        if self._thread is None:
            with self._lock:
                if self._thread is None and not self._stopping.is_set():
                    self._thread = threading.Thread(target=self._work, name="qwen-router-traces", daemon=True)
                    self._thread.start()

    def stop(self) -> None:
        """End the thread after the piece of work that it is at."""
        self._stopping.set()
        self._due.set()
        with self._lock:
            thread = self._thread
        if thread is not None:
            thread.join(_LAST_WORK)

    def _work(self) -> None:
        while True:
            try:
                self._tidy()
            except (sqlite3.Error, OSError, RouterError) as error:
                # Whoever writes meets the same fault, and says it.
                _log.debug("The store of decisions couldn't be tidied up: %s", error)
            if self._stopping.is_set() or not self._due.wait(_SECONDS):
                break
            self._due.clear()
        # The next row begins another: a router that nobody closes leaves none behind.
        self._thread = None

    def _tidy(self) -> None:
        file = open_file(self._path, patience=_PATIENCE)
        try:
            file.execute(f"pragma busy_timeout = {int(1000 * _PATIENCE)}")
            retention = Retention(file, self._rules)
            while retention.step() and not self._stopping.wait(_NAP):
                pass
            # Calls then needn't move what they wrote from the log into the file.
            file.execute("pragma wal_checkpoint(passive)")
        finally:
            file.close()
