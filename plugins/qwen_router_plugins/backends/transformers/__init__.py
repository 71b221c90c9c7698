"""In-process inference with torch and transformers."""

from qwen_router_plugins.backends.transformers.backend import TransformersBackend

__all__ = ["TransformersBackend"]
