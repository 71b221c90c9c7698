"""Shows an answer while it comes, as plain text."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import Protocol

from rich.text import Text

from qwen_router.cli.console import err, printable
from qwen_router.repl.status import Status
from qwen_router.request import Chunk
from qwen_router.types import Answer


class Screen(Protocol):
    """Shows what streams."""

    def show(self, items: Iterable[Chunk | Answer], *, unfolded: bool) -> None:
        """Show an answer until it ends, or until the person stops it: what came then stays on the screen.

        Args:
            unfolded: Whether to show thoughts whole.
        """


class PlainScreen:
    """Writes the text as it comes: for a pipe, and for a terminal that can do no more.

    Thoughts and notes go to standard error.
    """

    def __init__(self, status: Status) -> None:
        self._status = status

    def show(self, items: Iterable[Chunk | Answer], *, unfolded: bool) -> None:
        """Write an answer."""
        attempt, step, wrote, answer = 1, "", False, None
        try:
            for item in items:
                if isinstance(item, Answer):
                    answer = item
                    continue
                if wrote and item.step == step and item.attempt > attempt:
                    sys.stdout.write("\n\n")
                attempt, step = item.attempt, item.step
                self._tell_notes()
                if item.kind == "thinking":
                    if unfolded:
                        err.print(Text(printable(item.text)), end="")
                    continue
                sys.stdout.write(printable(item.text))
                sys.stdout.flush()
                wrote = True
        finally:
            if answer is not None and not wrote and answer.text and not answer.refused:
                sys.stdout.write(printable(answer.text))
                wrote = True
            if wrote:
                sys.stdout.write("\n")
                sys.stdout.flush()
            self._tell_notes()

    def _tell_notes(self) -> None:
        while self._status.notes:
            err.print(self._status.notes.popleft())
