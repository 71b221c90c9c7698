"""Holds a conversation with fake models at this process's terminal: started by tests, with replies as JSON lines."""

from __future__ import annotations

import json
import os
import sys
import threading
from typing import Any

from langchain_core.language_models import BaseChatModel

from qwen_router import Cancelled, Router, current_cancellation, load_settings
from qwen_router.cli.chat import talk
from qwen_router.cli.console import fail
from qwen_router.errors import RouterError
from qwen_router.repl.status import Status
from qwen_router.testing import FakeBackend, Reply

_OFF = {"enabled": False}
_FAKES: dict[str, Any] = {
    "weights": {"sources": []},
    "backends": {"llama_cpp": _OFF, "transformers": _OFF, "openai_api": _OFF},
    "sizing": {"learn": False},
}


class SlowBackend(FakeBackend):
    """Loads nothing before the caller gives up."""

    def load(self, *args: Any) -> BaseChatModel:
        """Wait."""
        gone = threading.Event()
        with current_cancellation().on_cancel(gone.set):
            gone.wait()
        raise Cancelled("The call was cancelled.")


def main() -> None:
    """Take each argument as a reply: a JSON object with the fields of `Reply`; `hold` never goes on by itself."""
    replies = [_reply(json.loads(argument)) for argument in sys.argv[1:]]
    kind = SlowBackend if os.environ.get("FAKES_HOLD_LOAD") else FakeBackend
    backend = kind(["Qwen/Qwen3-0.6B", "Qwen/Qwen3-8B", "Qwen/Qwen2.5-Coder-7B-Instruct"], replies)
    status = Status()

    def open_router(overrides: dict[str, Any]) -> Router:
        settings = load_settings(os.environ.get("FAKES_CONFIG"), **{**_FAKES, **overrides})
        return Router(settings, plugins=[backend, status], progress=status.progress, stages=1)

    try:
        talk(open_router, status)
    except RouterError as error:
        fail(error)


def _reply(fields: dict[str, Any]) -> Reply:
    hold = fields.pop("hold", False)
    return Reply(**fields, wait=threading.Event() if hold else None)


if __name__ == "__main__":
    main()
