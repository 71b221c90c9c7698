"""LangChain's standard unit tests of a chat model, over fakes."""

from __future__ import annotations

from typing import Any

import pytest
from langchain_core.language_models import BaseChatModel
from langchain_tests.unit_tests import ChatModelUnitTests

from qwen_router import ChatQwenRouter, Router


class TestChatQwenRouter(ChatModelUnitTests):
    @pytest.fixture(autouse=True)
    def _given(self, router: Router) -> None:
        type(self)._router = router

    @property
    def chat_model_class(self) -> type[BaseChatModel]:
        return ChatQwenRouter

    @property
    def standard_chat_model_params(self) -> dict[str, Any]:
        """LangChain's, but for what a router in this process has not: a key, and tries after a broken connection."""
        return {k: v for k, v in super().standard_chat_model_params.items() if k not in ("api_key", "max_retries")}

    @property
    def chat_model_params(self) -> dict[str, Any]:
        return {"router": self._router}
