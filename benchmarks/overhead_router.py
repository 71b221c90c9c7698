"""A router with every guard and observer on, over a model that answers at once."""

from __future__ import annotations

import contextlib
import os
import socket
import tempfile
from collections import deque
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from importlib.util import find_spec
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from qwen_router import Router, Settings
from qwen_router.logs import configure
from qwen_router.testing import FakeBackend, Reply

MODELS = (
    "Qwen/Qwen3-0.6B",
    "Qwen/Qwen3-8B",
    "Qwen/Qwen2.5-Math-7B-Instruct",
    "Qwen/Qwen2.5-Coder-7B-Instruct",
)
PROMPTS = (
    "What is the capital of France?",
    "Give me three ideas for a rainy Sunday afternoon with two children who like animals and hate museums.",
    "Write a Python function that merges two sorted lists into one, without sorting again. Explain in one sentence.",
    "The ship left the harbour at dawn, and nobody on board knew how long the way to the islands would be. "
    "The captain had promised three days, the mate had counted on five, and the cook, who had sailed these waters "
    "before, had packed for nine. Summarise this in one sentence.",
)
ANSWER = "```python\nprint(42)\n```"
"""One word, so that the model streams it in one piece."""
_LIMITS = {
    "requests_per_minute": 10**6,
    "input_tokens_per_minute": 10**9,
    "output_tokens_per_minute": 10**9,
    "concurrent": 10**6,
}
_CALLS_A_USER = 20


def user_of(call: int) -> str:
    """Return the user of a call: users come and go, so that no account grows beyond what one user would take."""
    return f"user-{call // _CALLS_A_USER}"


@contextlib.contextmanager
def instant_router(*, everything: bool = True) -> Iterator[Router]:
    """Give a router whose model answers at once.

    The built-in backends list their candidates as on any machine without their files; a fake one has four models.

    Args:
        everything: Switch on every guard and observer; otherwise the settings are the shipped ones.
    """
    with contextlib.ExitStack() as stack:
        home = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        for name in ("CONFIG", "STATE", "CACHE"):
            os.environ[f"XDG_{name}_HOME"] = str(home / name.lower())
        os.environ["QWEN_ROUTER_PII_KEY"] = "a key for this benchmark alone"
        collector = stack.enter_context(_collector()) if everything and find_spec("opentelemetry.sdk") else ""
        # Nothing that could be loaded here, whatever is installed.
        weights = {"sources": ["local", "hub"]}
        settings = Settings(weights=weights, **(_everything(collector) if everything else {}))
        if everything:
            configure(settings.log, stack.enter_context(open(os.devnull, "w", encoding="utf-8")))
        backend = FakeBackend(MODELS)
        backend.replies, backend.calls = _Endless(), _Forgetful()
        yield stack.enter_context(Router(settings, plugins=[backend]))


def _everything(collector: str) -> dict[str, Any]:
    return {
        "security": {"pii": "hash"},
        "quota": {"user": _LIMITS, "total": {"concurrent": 10**6}},
        "metrics": {"port": _free_port()},
        "telemetry": {"endpoint": collector},
        "log": {"level": "info", "format": "json"},
    }


class _Endless(deque[Reply]):
    """Always gives the same reply."""

    _reply = Reply(ANSWER)

    def popleft(self) -> Reply:
        return self._reply


class _Forgetful(list[Any]):
    """Keeps nothing: what a fake remembers of its calls is not the router's memory."""

    def append(self, item: Any) -> None:
        return


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def _collector() -> Iterator[str]:
    """Run a process that takes spans and drops them; give its address."""
    port = _free_port()
    process = get_context("spawn").Process(target=_serve, args=(port,), daemon=True)
    process.start()
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.join()


def _serve(port: int) -> None:
    HTTPServer(("127.0.0.1", port), _Sink).serve_forever()


class _Sink(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *args: Any) -> None:
        return
