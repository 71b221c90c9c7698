"""A conversation in this process, with fake models and no terminal."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from rich.console import Console

from qwen_router import Router, load_settings
from qwen_router.repl.chat import Chat
from qwen_router.repl.screen import PlainScreen
from qwen_router.repl.session import Session
from qwen_router.repl.status import Status
from qwen_router.testing import FakeBackend

_OFF = {"enabled": False}
_FAKES: dict[str, Any] = {
    "weights": {"sources": []},
    "backends": {"llama_cpp": _OFF, "transformers": _OFF, "openai_api": _OFF},
}


class Lines:
    """A reader of lines that were written before."""

    def __init__(self, *lines: str) -> None:
        self._lines = iter(lines)

    def read(self) -> str:
        """Return the next line."""
        try:
            return next(self._lines)
        except StopIteration:
            raise EOFError from None


class Talk:
    """A chat, and what it has shown since it was last looked at."""

    def __init__(self, chat: Chat, capsys: pytest.CaptureFixture[str]) -> None:
        self.chat, self.session, self._capsys = chat, chat.session, capsys

    def say(self, *lines: str) -> str:
        """Type lines; return what came of them on both outputs, in one line each."""
        self._capsys.readouterr()
        self.chat.reader = Lines(*lines)
        self.chat.run()
        shown = self._capsys.readouterr()
        return shown.out + shown.err


@pytest.fixture
def fakes(backend: FakeBackend) -> tuple[Callable[[dict[str, Any]], Router], Status]:
    """What makes routers of fakes, and the status that observes them."""
    status = Status()

    def open_router(overrides: dict[str, Any]) -> Router:
        base = {
            "weights": {"sources": []},
            "backends": dict.fromkeys(("llama_cpp", "transformers", "openai_api"), _OFF),
        }
        return Router(load_settings(**{**base, **overrides}), plugins=[backend, status], stages=1)

    return open_router, status


@pytest.fixture
def session(fakes: Any) -> Iterator[Session]:
    """A session with fakes."""
    made = Session(fakes[0])
    yield made
    made.close()


@pytest.fixture
def talk(session: Session, fakes: Any, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Talk:
    """A chat with fakes; nobody's clipboard is read."""
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO()))
    monkeypatch.setenv("PATH", "")
    return Talk(
        Chat(session, Lines(), PlainScreen(fakes[1]), Console(width=200), Console(stderr=True, width=200)), capsys
    )
