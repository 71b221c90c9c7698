"""Models behind a server that speaks the OpenAI API."""

from qwen_router_plugins.backends.openai_api.backend import OpenAIBackend

__all__ = ["OpenAIBackend"]
