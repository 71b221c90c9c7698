"""Shows an answer while it comes, as Markdown that settles block by block."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from rich.console import Console, ConsoleOptions, RenderResult
from rich.live import Live
from rich.text import Text

from qwen_router.cli.console import printable
from qwen_router.repl.markdown import Rendered, split_settled
from qwen_router.repl.status import Status
from qwen_router.request import Chunk
from qwen_router.types import Answer

_SECONDS = 0.1
_THOUGHT_LINES = 5


class LiveScreen:
    """Prints the blocks of an answer that are whole, and redraws only the last one, with the status below it.

    So a long answer scrolls like any other text, and stays in the terminal's memory.
    """

    def __init__(self, console: Console, status: Status) -> None:
        self._console, self._status = console, status

    def show(self, items: Iterable[Chunk | Answer], *, unfolded: bool) -> None:
        """Draw an answer."""
        view = _View(self._console, self._status, unfolded=unfolded)
        answer: Answer | None = None
        try:
            with (
                Live(view, console=self._console, auto_refresh=False, transient=True) as live,
                _ticking(live, view.lock),
            ):
                for item in items:
                    if isinstance(item, Answer):
                        answer = item
                    else:
                        view.feed(item)
        finally:
            if answer is not None and not view.printed and not view.tail and not answer.refused:
                view.tail = printable(answer.text)
            view.settle()
            view.notes()
            self._console.print()


@contextmanager
def _ticking(live: Live, lock: threading.RLock) -> Iterator[None]:
    """Redraw again and again, but never while something is printed: Live's own thread knows no such lock."""
    ended = threading.Event()

    def tick() -> None:
        while not ended.wait(_SECONDS):
            with lock:
                live.refresh()

    ticker = threading.Thread(target=tick, name="qwen-router-screen", daemon=True)
    ticker.start()
    try:
        yield
    finally:
        ended.set()
        ticker.join()


class _View:
    """What is on the screen of one answer.

    Attributes:
        lock: Held while something is printed or drawn.
        tail: The part of the answer that may still change.
        printed: Whether any of the answer was printed for good.
    """

    def __init__(self, console: Console, status: Status, *, unfolded: bool) -> None:
        self._console, self._status, self._unfolded = console, status, unfolded
        self._attempt, self._step = 1, ""
        self._thought = ""
        self._began = self._thought_at = time.monotonic()
        self.lock = threading.RLock()
        self.tail = ""
        self.printed = False

    def feed(self, chunk: Chunk) -> None:
        """Take the next piece."""
        with self.lock:
            self._feed(chunk)

    def _feed(self, chunk: Chunk) -> None:
        if (chunk.step, chunk.attempt) != (self._step, self._attempt):
            if self._step:
                self.settle()
            self._step, self._attempt = chunk.step, chunk.attempt
            self.notes()
        if chunk.kind == "thinking":
            if not self._thought:
                self._settle_text()
                self._thought_at = time.monotonic()
            self._thought += printable(chunk.text)
            return
        self._settle_thought()
        self.tail += printable(chunk.text)
        if "\n" in chunk.text:
            settled, rest = split_settled(self.tail)
            self.tail = rest
            self._print(settled)

    def settle(self) -> None:
        """Print for good what may come no more of."""
        self._settle_thought()
        self._settle_text()

    def notes(self) -> None:
        """Print what was decided meanwhile."""
        while self._status.notes:
            self._console.print(self._status.notes.popleft().strip())

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Draw what changes: the end of the thought or of the answer, and the status."""
        room = max(1, console.height - 3)
        if self._thought:
            thought = Text(self._thought.strip(), style="dim italic").wrap(console, options.max_width)
            yield from thought[-(room if self._unfolded else min(room, _THOUGHT_LINES)) :]
        elif self.tail.strip():
            if self.printed:
                yield Text()
            yield Rendered(self.tail, last=room)
        yield Text(self._line(), style="dim", no_wrap=True, overflow="crop")

    def _line(self) -> str:
        seconds = f"{time.monotonic() - self._began:.0f} s"
        doing = "thinking" if self._thought else "answering" if self.tail or self.printed else ""
        if doing:
            self._status.doing = doing
        width = self._console.width - len(seconds) - 3
        return f"{seconds} · {self._status.line(width, doing=True) or 'deciding'}"

    def _settle_thought(self) -> None:
        thought, self._thought = self._thought.strip(), ""
        if not thought:
            return
        if self._unfolded:
            self._console.print(Text(thought, style="dim italic"))
        else:
            seconds = time.monotonic() - self._thought_at
            self._console.print(Text(f"▸ thought for {seconds:.0f} s · /thinking show", style="dim italic"))

    def _settle_text(self) -> None:
        tail, self.tail = self.tail, ""
        self._print(tail)

    def _print(self, text: str) -> None:
        if text.strip():
            if self.printed:
                self._console.print()
            self._console.print(Rendered(text))
            self.printed = True
