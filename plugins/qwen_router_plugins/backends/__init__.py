"""The built-in backends."""

from __future__ import annotations

from collections.abc import Sequence

from qwen_router import Backend, hookimpl


@hookimpl
def backends() -> Sequence[Backend]:
    """Return the backends, the fastest on a CPU first. They import what they need when they load a model."""
    from qwen_router_plugins.backends.llama_cpp import LlamaCppBackend
    from qwen_router_plugins.backends.openai_api import OpenAIBackend
    from qwen_router_plugins.backends.transformers import TransformersBackend

    return LlamaCppBackend(), TransformersBackend(), OpenAIBackend()
