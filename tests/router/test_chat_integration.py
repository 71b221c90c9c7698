"""LangChain's standard integration tests of a chat model, with the real 0.5B model behind the router."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fixtures_weights import EMBEDDED_MODEL
from langchain_core.language_models import BaseChatModel
from langchain_tests.integration_tests import ChatModelIntegrationTests

from qwen_router import ChatQwenRouter, Router


@pytest.fixture(scope="module")
def real(embedded_gguf: Path) -> Iterator[Router]:
    pytest.importorskip("xllamacpp", reason="the extra is not installed: pip install 'qwen-router[llama-cpp]'")
    with Router.from_config(
        weights={"sources": ["local", "embedded"], "directories": [str(embedded_gguf.parent)]},
        sizing={"learn": False, "context": 2048},
        escalation={"max_attempts": 1},
    ) as router:
        yield router


class TestChatQwenRouter(ChatModelIntegrationTests):
    @pytest.fixture(autouse=True)
    def _router(self, real: Router) -> None:
        type(self)._real = real

    @property
    def chat_model_class(self) -> type[BaseChatModel]:
        return ChatQwenRouter

    @property
    def chat_model_params(self) -> dict[str, Any]:
        return {"router": self._real, "model": EMBEDDED_MODEL, "task": "general", "max_tokens": 64, "temperature": 0.0}

    @property
    def supports_json_mode(self) -> bool:
        return True

    @pytest.mark.xfail(
        reason="A coder of 0.5B left to itself answers in words, or writes its call in a form of its own."
    )
    def test_agent_loop(self, model: BaseChatModel) -> None:
        super().test_agent_loop(model)
