"""Fixtures that every test may use, and the walls around them: no hub, no network but loopback, no user's files."""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest

from qwen_router import Router
from qwen_router.testing import FakeBackend, Reply

os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["TOKENIZERS_PARALLELISM"] = "false"

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # A shell starts its background jobs so, and the programs that tests interrupt would inherit it.
    signal.signal(signal.SIGINT, signal.default_int_handler)

# A test that asserts nothing on time isn't to fail on a busy machine.
hypothesis.settings.register_profile("untimed", deadline=None)
hypothesis.settings.load_profile("untimed")

pytest_plugins = ["fixtures_weights", "fixtures_checkpoints", "fixtures_cli", "fixtures_redis"]

GENERAL_SMALL = "Qwen/Qwen3-0.6B"
GENERAL_LARGE = "Qwen/Qwen3-8B"
MATH = "Qwen/Qwen2.5-Math-7B-Instruct"
CODER = "Qwen/Qwen2.5-Coder-7B-Instruct"


@pytest.fixture(autouse=True)
def _own_files(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Keep the user's configuration, and what was learned on this machine, out of the tests."""
    for name in [n for n in os.environ if n.startswith("QWEN_ROUTER")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config-home"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state-home"))


@pytest.fixture(autouse=True, scope="session")
def _loopback_only() -> Iterator[None]:
    """Fail a test that reaches for the network, instead of hanging on it."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: Any) -> None:
        if self.family in (socket.AF_INET, socket.AF_INET6) and address[0] not in ("127.0.0.1", "::1", "localhost"):
            raise AssertionError(f"A test reached for the network: {address}")
        connect(self, address)

    socket.socket.connect = guarded  # type: ignore[method-assign, assignment]
    yield
    socket.socket.connect = connect  # type: ignore[method-assign]


@pytest.fixture
def backend() -> FakeBackend:
    """A backend that serves a small and a large general model, one for mathematics and one for code."""
    return FakeBackend([GENERAL_SMALL, GENERAL_LARGE, MATH, CODER])


@pytest.fixture
def router(backend: FakeBackend, tmp_path: Path) -> Iterator[Router]:
    """A router whose only models are fakes."""
    with make_router(backend, tmp_path) as made:
        yield made


def make_router(backend: FakeBackend, tmp_path: Path, **overrides: Any) -> Router:
    """Return a router that has nothing but one fake backend."""
    off = {"enabled": False}
    settings = {
        "weights": {"sources": [], "cache": str(tmp_path / "cache")},
        "backends": {"llama_cpp": off, "transformers": off, "openai_api": off},
        **overrides,
    }
    return Router.from_config(plugins=[backend], **settings)


__all__ = ["CODER", "GENERAL_LARGE", "GENERAL_SMALL", "MATH", "Reply", "make_router"]
