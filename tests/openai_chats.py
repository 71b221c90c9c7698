"""Chat models of servers on the loopback."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from servers import Reply, ScriptedServer, says, scripted, stream

from qwen_router.backend import ModelFiles
from qwen_router.catalog import Model, load_catalogue
from qwen_router.choice import Candidate, Offer
from qwen_router.config import Settings
from qwen_router.resources import Resources
from qwen_router.settings_file import load_settings
from qwen_router_plugins.backends.openai_api import OpenAIBackend
from qwen_router_plugins.backends.openai_api.chat import ChatOpenAICompatible

CODER = load_catalogue()["Qwen/Qwen2.5-Coder-0.5B-Instruct"]
HYBRID = load_catalogue()["Qwen/Qwen3-8B"]
OFFER = Offer(precision="served", format="served", device="remote")
HERE = Resources(ram_total=1, ram_free=1, cores=1, disk_free=1)
KEY = "sk-secret-0123456789"
GOOD = stream(*says("Hel", "lo"))


def chat_at(url: str, **fields: Any) -> ChatOpenAICompatible:
    """Return a chat model that waits little between tries."""
    given = {"model": "m", "api_key": KEY, "timeout": 5.0, "retry_delay": 0.01, **fields}
    return ChatOpenAICompatible(base_url=url, **given)


@contextmanager
def served(*script: Reply, **fields: Any) -> Iterator[tuple[ScriptedServer, ChatOpenAICompatible]]:
    """Serve a script, with a chat model that calls it."""
    with scripted(*script) as server:
        chat = chat_at(server.url, **fields)
        try:
            yield server, chat
        finally:
            chat.close()


def settings_for(base_url: str, **fields: Any) -> Settings:
    return load_settings(backends={"openai_api": {"base_url": base_url, "max_retries": 0, **fields}})


def load(backend: OpenAIBackend, model: Model, settings: Settings) -> ChatOpenAICompatible:
    candidate = Candidate(
        model=model.id,
        offer=OFFER,
        backend="openai_api",
        memory_bytes=0,
        tokens_per_second=1,
        quality=1,
        context=4096,
    )
    chat = backend.load(candidate, model, ModelFiles(path=Path(), format="served", source=""), settings)
    assert isinstance(chat, ChatOpenAICompatible)
    return chat
