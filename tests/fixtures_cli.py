"""Runs the command line in this process."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable

import pytest

from qwen_router.cli import main


class Ran:
    """How a command ended, and what it printed."""

    def __init__(self, code: int, out: str, err: str) -> None:
        self.code, self.out, self.err = code, out, err


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., Ran]:
    """Run the command in this process."""

    def runner(*argv: str, stdin: bytes | None = None) -> Ran:
        monkeypatch.setattr(sys, "argv", ["qwen-router", *argv])
        if stdin is not None:
            monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        with pytest.raises(SystemExit) as left:
            main()
        code = left.value.code
        return Ran(code if isinstance(code, int) else 0, *capsys.readouterr())

    return runner


def one_line(ran: Ran, code: int) -> str:
    """Return the one line of an error, and check the exit code."""
    assert ran.code == code
    assert len(ran.err.strip().splitlines()) == 1, ran.err
    assert "Traceback" not in ran.err
    return ran.err.strip()
