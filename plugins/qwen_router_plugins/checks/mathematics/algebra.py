"""Asks the process that reads mathematics, and ends it when it takes too long."""

from __future__ import annotations

import atexit
import json
import logging
import subprocess
import sys
import threading
from typing import Any

_log = logging.getLogger(__name__)
_SECONDS = 60.0
"""Most answers take milliseconds. The process bounds its own processor time; this is for systems that can't do that,
and for a machine too busy to let it run."""


class Algebra:
    """One process, started when first asked, and anew after it was ended. Any thread may ask; one at a time is served.

    Args:
        seconds: How long an answer may take.
    """

    def __init__(self, seconds: float = _SECONDS) -> None:
        self._seconds = seconds
        self._lock = threading.Lock()
        self._process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        """Start the process, so that it is ready when it is asked."""
        with self._lock:
            self._running()

    def reads(self, result: str) -> bool | None:
        """Say whether a result is mathematics that can be read; `None` when that took too long."""
        return self._ask("reads", result=result).get("read")

    def same(self, first: str, second: str) -> bool | None:
        """Say whether two results are equal; `None` when that can't be told."""
        return self._ask("same", first=first, second=second).get("same")

    def satisfies(self, equations: list[str], result: str) -> dict[str, Any]:
        """Put a result into equations: `worker.satisfies` says what comes back; empty when it took too long."""
        return self._ask("satisfies", equations=equations, result=result)

    def close(self) -> None:
        """End the process."""
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
            self._process = None

    def _ask(self, operation: str, **values: Any) -> dict[str, Any]:
        with self._lock:
            process = self._running()
            assert process.stdin is not None
            assert process.stdout is not None
            late = threading.Timer(self._seconds, process.kill)
            late.start()
            try:
                process.stdin.write(json.dumps({"operation": operation, **values}) + "\n")
                process.stdin.flush()
                line = process.stdout.readline()
            except OSError:
                line = ""
            finally:
                late.cancel()
            if not line:
                self.close()
                _log.info("Reading a result took too long, or too much memory.")
                return {}
            answer: dict[str, Any] = json.loads(line)
            if answer.pop("error", None):
                # The error itself would show the result.
                _log.info("A result can't be read.")
            return answer

    def _running(self) -> subprocess.Popen[str]:
        if self._process is None:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "qwen_router_plugins.checks.mathematics.worker"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                text=True,
                encoding="utf-8",
            )
        return self._process


ALGEBRA = Algebra()
"""The one that all checks share."""
atexit.register(ALGEBRA.close)
