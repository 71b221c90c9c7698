"""The settings of what runs the models."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from qwen_router.config_section import Section


class TransformersSection(Section):
    """In-process inference with torch."""

    enabled: bool = True
    device: Literal["auto", "cpu", "cuda", "mps"] = "auto"
    precisions: tuple[str, ...] = ("bf16", "int8", "nf4")
    max_batch: int = Field(4, ge=1)
    """Requests decoded together."""


class LlamaCppSection(Section):
    """In-process inference of GGUF files."""

    enabled: bool = True
    threads: int = Field(0, ge=0)
    """0 takes the physical cores."""
    parallel: int = Field(2, ge=1)
    """Requests decoded together; each has its own context."""
    gpu_layers: int = Field(-1, ge=-1)
    """Layers on the accelerator; -1 takes all that fit."""


class OpenAISection(Section):
    """A server that speaks the OpenAI API: vLLM, SGLang, Ollama, llama-server, DashScope."""

    enabled: bool = True
    base_url: str = ""
    """Such as `http://localhost:11434/v1`; empty switches the backend off."""
    api_key_env: str = "QWEN_ROUTER_API_KEY"
    """Name of the environment variable that holds the key."""
    models: dict[str, str] = {}
    """Catalogue id to the server's name; empty asks the server what it serves."""
    timeout: float = Field(120.0, gt=0)
    """Seconds without a byte before a call is given up."""
    max_retries: int = Field(2, ge=0)


class BackendsSection(Section):
    """What runs the models."""

    llama_cpp: LlamaCppSection = LlamaCppSection()
    transformers: TransformersSection = TransformersSection()
    openai_api: OpenAISection = OpenAISection()
