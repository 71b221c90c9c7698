"""The embedded model, loaded once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from qwen_router_plugins.backends.llama_cpp.chat import ChatLlamaCpp
from qwen_router_plugins.backends.llama_cpp.loaded import LoadedGguf


@pytest.fixture(scope="session")
def loaded(embedded_gguf: Path) -> Iterator[LoadedGguf]:
    """The 0.5B model with two slots of 512 tokens."""
    pytest.importorskip("xllamacpp", reason="the extra is not installed: pip install 'qwen-router[llama-cpp]'")
    made = LoadedGguf(embedded_gguf, context=512, parallel=2, threads=2)
    yield made
    made.engine.close()


@pytest.fixture(scope="session")
def chat(loaded: LoadedGguf) -> ChatLlamaCpp:
    """A chat model that always takes the likeliest token."""
    return ChatLlamaCpp(loaded=loaded, model="coder", temperature=0.0)
