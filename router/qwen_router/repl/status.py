"""What the router is doing, as its events tell it."""

from __future__ import annotations

from collections import deque

from rich.cells import cell_len

from qwen_router.choice import Candidate
from qwen_router.cli.announcing import Announcer
from qwen_router.cli.console import gib, printable
from qwen_router.events import Answered, Checked, Escalated, Event, Lent, Selected
from qwen_router.hookspecs import hookimpl


class Status:
    """An observer that keeps the facts of the status line, and the notes that the screen has yet to show.

    Attributes:
        doing: What a call waits for just now.
    """

    def __init__(self) -> None:
        self.doing = ""
        self.notes: deque[str] = deque()
        self._task = ""
        self._winner: Candidate | None = None
        self._speed = 0.0
        self._announcer = Announcer(self.notes.append)

    @hookimpl
    def observe(self, event: Event) -> None:
        """Take note of an event."""
        if isinstance(event, Selected):
            self._task, self._winner = event.classification.task, event.choice.winner
            self.doing = "reading" if self._winner.warm else "loading"
        elif isinstance(event, Lent):
            self.doing = "reading"
        elif isinstance(event, Answered):
            timings, usage = event.answer.timings, event.answer.usage
            self._speed = usage.output_tokens / timings.generate if timings.generate else 0.0
        if isinstance(event, Checked | Escalated):
            self._announcer.observe(event)

    def progress(self, name: str, done: int, total: int) -> None:
        """Take note of a fetch."""
        self.doing = f"fetching {printable(name)} {done / total:.0%}" if total else f"fetching {printable(name)}"

    def line(self, width: int, *, doing: bool = False) -> str:
        """Return the status in at most `width` columns, the first facts first.

        Args:
            doing: Whether to say what a call waits for.
        """
        parts = [self.doing] if doing else []
        if self._winner is not None:
            name = self._winner.model.rpartition("/")[2]
            parts += [self._task, name, self._winner.precision]
            parts += [f"{self._speed:.1f} tok/s"] if self._speed and not doing else []
            parts += [gib(self._winner.memory_bytes)] if self._winner.offer.device != "remote" else []
        line = ""
        for part in filter(None, parts):
            longer = f"{line} · {part}" if line else part
            if cell_len(longer) > width:
                break
            line = longer
        return line
