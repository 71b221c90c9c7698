"""Times the steps of a call, each without what it calls of the others."""

from __future__ import annotations

import contextlib
import functools
import time
from collections.abc import Callable, Iterator
from typing import Any
from unittest import mock

from qwen_router import deciding, guards, nodes
from qwen_router.events import Events

REST = "graph"
"""What is left: LangGraph, and what the nodes do beside the steps."""
_STEPS: tuple[tuple[str, Any, str], ...] = (
    ("admit: guards", guards, "check_request"),
    ("classify", deciding, "classify"),
    ("plan", deciding, "make_plan"),
    ("size: candidates and choice", deciding, "choose"),
    ("answer: lease, prompt, chat model", nodes, "run_model"),
    ("check", nodes, "judge"),
    ("release: guards", guards, "check_answer"),
    ("settle: guards", guards, "settle"),
    ("observers", Events, "emit"),
)


class Stopwatch:
    """Collects the seconds of each step of one call after the other; for one thread."""

    def __init__(self) -> None:
        self._open: list[list[float]] = []
        self._call: dict[str, float] = {}

    @contextlib.contextmanager
    def installed(self) -> Iterator[None]:
        """Time the steps inside this block."""
        with contextlib.ExitStack() as stack:
            for name, home, function in _STEPS:
                stack.enter_context(mock.patch.object(home, function, self._timed(name, getattr(home, function))))
            yield

    def time(self, call: Callable[[], object]) -> dict[str, float]:
        """Return the seconds of each step of one call, and of the rest."""
        self._call = {name: 0.0 for name, *_ in _STEPS}
        self._timed(REST, call)()
        return self._call

    def _timed(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(function)
        def timed(*args: Any, **kwargs: Any) -> Any:
            inner = [0.0]
            self._open.append(inner)
            started = time.perf_counter()
            try:
                return function(*args, **kwargs)
            finally:
                spent = time.perf_counter() - started
                self._open.pop()
                self._call[name] = self._call.get(name, 0.0) + spent - inner[0]
                if self._open:
                    self._open[-1][0] += spent

        return timed
