"""Puts the chunks of parallel steps in the order of their steps."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Callable

from qwen_router.composing import SEPARATOR, heading
from qwen_router.request import Chunk
from qwen_router.types import Plan


class StepOrder:
    """Passes the first unfinished step's chunks on at once and holds back those of later steps.

    The chunks of a compound request come under their steps' headings, as in the answer's text.

    Args:
        write: Takes each chunk when its turn has come.
    """

    def __init__(self, write: Callable[[Chunk], None]) -> None:
        self._write = write
        # Parallel steps stream from threads of their own.
        self._lock = threading.RLock()
        self._steps: list[str] = []
        self._headings: dict[str, str] = {}
        self._finished: set[str] = set()
        self._unseen: frozenset[str] = frozenset()
        self._held: defaultdict[str, list[Chunk]] = defaultdict(list)

    def start(self, plan: Plan) -> None:
        """Learn the order, and head the first step when there are several; of a merged plan only the last is heard."""
        with self._lock:
            self._steps = [step.id for step in plan.steps]
            if plan.merged:
                self._unseen = frozenset(self._steps[:-1])
                self._steps = self._steps[-1:]
            elif len(plan.steps) > 1:
                self._headings = {step.id: heading(step) for step in plan.steps}
                self._head(self._steps[0])

    def add(self, chunk: Chunk) -> None:
        """Take a chunk of any step."""
        with self._lock:
            if chunk.step in self._unseen:
                return
            if self._steps and chunk.step != self._steps[0]:
                self._held[chunk.step].append(chunk)
            else:
                self._write(chunk)

    def finish(self, step: str) -> None:
        """Note that a step is done; when it was the first unfinished one, let the next follow."""
        with self._lock:
            self._finished.add(step)
            while self._steps and self._steps[0] in self._finished:
                self._steps.pop(0)
                if self._steps:
                    self._head(self._steps[0], SEPARATOR)
                    for chunk in self._held.pop(self._steps[0], []):
                        self._write(chunk)

    def _head(self, step: str, before: str = "") -> None:
        if step in self._headings:
            self._write(Chunk(kind="text", text=before + self._headings[step], step=step))
