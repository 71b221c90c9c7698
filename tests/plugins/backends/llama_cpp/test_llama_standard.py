"""LangChain's standard unit tests of a chat model."""

from __future__ import annotations

from typing import Any

import pytest
from langchain_core.language_models import BaseChatModel
from langchain_tests.unit_tests import ChatModelUnitTests

from qwen_router_plugins.backends.llama_cpp.chat import ChatLlamaCpp
from qwen_router_plugins.backends.llama_cpp.loaded import LoadedGguf


class TestChatLlamaCpp(ChatModelUnitTests):
    @pytest.fixture(autouse=True)
    def _model(self, loaded: LoadedGguf) -> None:
        type(self)._loaded = loaded

    @property
    def chat_model_class(self) -> type[BaseChatModel]:
        return ChatLlamaCpp

    @property
    def standard_chat_model_params(self) -> dict[str, Any]:
        """LangChain's, but for the key: a model in this process has none."""
        return {k: v for k, v in super().standard_chat_model_params.items() if k != "api_key"}

    @property
    def chat_model_params(self) -> dict[str, Any]:
        return {"loaded": self._loaded, "model": "coder"}
