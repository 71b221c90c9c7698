"""The conversation's loop: reads, does, and is back at the prompt whatever happened."""

from __future__ import annotations

import logging
import signal
import sys
import threading
from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from types import FrameType

from rich.console import Console
from rich.markup import escape
from rich.text import Text

from qwen_router.cli.console import printable
from qwen_router.errors import Refused, RouterError
from qwen_router.repl.command import Leave, find, is_command
from qwen_router.repl.commands import COMMANDS
from qwen_router.repl.reader import Reader
from qwen_router.repl.screen import Screen
from qwen_router.repl.session import Session
from qwen_router.request import Chunk
from qwen_router.types import Answer

_log = logging.getLogger(__name__)


@dataclass
class Chat:
    """A session at a terminal, or in a pipe.

    Attributes:
        out: Where answers and what commands show go; `err` is for notes and errors.
        exit_code: What to leave with: that of the last error, or 0.
        path: The file that the conversation was saved to or loaded from.
    """

    session: Session
    reader: Reader
    screen: Screen
    out: Console
    err: Console
    exit_code: int = 0
    path: str = ""
    _warned: set[str] = field(default_factory=set)

    def run(self) -> None:
        """Take line after line, until there is no more or the person leaves.

        Raises:
            KeyboardInterrupt: Somebody stopped a conversation in which nobody types.
        """
        hinted = False
        while True:
            try:
                line = self.reader.read()
                hinted = False
                with _one_interrupt():
                    self.take(line)
            except (EOFError, Leave):
                return
            except KeyboardInterrupt:
                if not sys.stdin.isatty():
                    raise
                if hinted:
                    self.note("Ctrl-D or /quit leaves.")
                hinted = not hinted
            except RouterError as error:
                self.fail(error)

    def take(self, line: str) -> None:
        """Do what a line says; a fault is told, and no more.

        Raises:
            Leave: It says to leave.
            KeyboardInterrupt: Somebody stopped a conversation in which nobody types.
        """
        try:
            if is_command(line):
                command, argument = find(line, COMMANDS)
                command.run(self, argument)
            elif line.strip():
                self.answer(self.session.ask(line.strip()))
        except RouterError as error:
            self.fail(error)
        except KeyboardInterrupt:
            if not sys.stdin.isatty():
                raise
            self.note("Stopped.")
        except (Leave, BrokenPipeError):
            raise
        except Exception as fault:
            _log.debug("A fault in the conversation", exc_info=True)
            self.fail(RouterError(f"{type(fault).__name__}: {fault}.", "This is a fault of qwen-router."))

    def answer(self, items: Generator[Chunk | Answer]) -> None:
        """Show an answer, and what there is to note about it.

        Raises:
            Refused: A guard denied the request or the answer.
        """
        before = self.session.answer
        with closing(items):
            self.screen.show(items, unfolded=self.session.unfolded)
        answer = self.session.answer
        if answer is None or answer is before:
            return
        if (denied := answer.decision.denied) is not None:
            raise Refused(denied.why, denied.fix, kind=denied.kind, retry_after=denied.retry_after)
        for warning in answer.warnings:
            if warning not in self._warned:
                self._warned.add(warning)
                self.err.print(f"[yellow]Note:[/] {escape(printable(warning))}", soft_wrap=not self.err.is_terminal)

    def show_thought(self) -> None:
        """Show the latest thought whole."""
        if self.session.thinking:
            self.out.print(Text(printable(self.session.thinking), style="dim italic"))

    def note(self, text: str) -> None:
        """Say something in one line, on standard error."""
        self.err.print(escape(printable(text)), style="dim", soft_wrap=not self.err.is_terminal)

    def fail(self, error: RouterError) -> None:
        """Say what went wrong in one line."""
        word = "Refused" if isinstance(error, Refused) else "Error"
        said = printable(" ".join(str(error).split()))
        self.err.print(f"[bold red]{word}:[/] {escape(said)}", soft_wrap=not self.err.is_terminal)
        self.exit_code = error.exit_code


@contextmanager
def _one_interrupt() -> Iterator[None]:
    """Let the first Ctrl-C raise and swallow those that come while its consequences are dealt with."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    pressed = False

    def interrupt(_: int, __: FrameType | None) -> None:
        nonlocal pressed
        if not pressed:
            pressed = True
            raise KeyboardInterrupt

    before = signal.signal(signal.SIGINT, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
