"""In-process inference of GGUF files with llama.cpp."""

from qwen_router_plugins.backends.llama_cpp.backend import LlamaCppBackend

__all__ = ["LlamaCppBackend"]
