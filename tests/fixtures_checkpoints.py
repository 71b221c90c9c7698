"""Fixtures that hand out tiny checkpoints and load them through the real backend."""

from __future__ import annotations

import dataclasses
import functools
import importlib.util
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import checkpoints
import pytest

from qwen_router.backend import ModelFiles
from qwen_router.catalog import Model, load_catalogue
from qwen_router.choice import Candidate, Offer
from qwen_router.config import Settings
from qwen_router.settings_file import load_settings

MODELS = {
    "qwen2": "Qwen2.5-0.5B-Instruct",
    "qwen3": "Qwen3-0.6B",
    "qwen3_moe": "Qwen3-30B-A3B",
    "qwen2_vl": "Qwen2-VL-2B-Instruct",
    "qwen2_5_vl": "Qwen2.5-VL-3B-Instruct",
    "qwen3_vl": "Qwen3-VL-2B-Instruct",
    "qwen3_vl_moe": "Qwen3-VL-30B-A3B-Instruct",
    "qwen3_5": "Qwen3.5-0.8B",
    "qwen2_audio": "Qwen2-Audio-7B-Instruct",
}
"""The catalogue's model that each tiny checkpoint stands for."""

TinyLoader = Callable[..., Any]


def settings(**transformers: Any) -> Settings:
    return load_settings(backends={"transformers": {"device": "cpu", **transformers}})


def candidate(model: Model, precision: str, *, form: str = "safetensors", context: int = 4096) -> Candidate:
    return Candidate.model_validate(
        {
            "model": model.id,
            "offer": Offer.model_validate({"precision": precision, "format": form}),
            "backend": "transformers",
            "memory_bytes": 1,
            "tokens_per_second": 1.0,
            "quality": 0.5,
            "context": context,
        }
    )


@pytest.fixture(scope="session")
def qwen_tokenizer(embedded_gguf: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with the real Qwen2.5 tokenizer."""
    if importlib.util.find_spec("gguf") is None:
        pytest.skip("the package gguf, which reads the tokenizer, is not installed")
    directory = tmp_path_factory.mktemp("tokenizer")
    checkpoints.save_tokenizer(embedded_gguf, directory)
    return directory


@pytest.fixture(scope="session")
def tiny_checkpoint(qwen_tokenizer: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Return the directory of a tiny checkpoint by architecture, a key of `MODELS`; each is made once."""
    made: dict[str, Path] = {}

    def directory(architecture: str) -> Path:
        if architecture not in made:
            save = getattr(checkpoints, f"save_{architecture}")
            made[architecture] = save(qwen_tokenizer, tmp_path_factory.mktemp("checkpoints") / architecture)
        return made[architecture]

    return directory


@pytest.fixture(scope="session")
def _loaded(tiny_checkpoint: Callable[[str], Path]) -> Callable[[str, str], Any]:
    """Load a tiny checkpoint through the backend, once for each precision."""
    from qwen_router_plugins.backends.transformers import TransformersBackend

    @functools.cache
    def load(architecture: str, precision: str) -> Any:
        model = load_catalogue().find(MODELS[architecture])
        files = ModelFiles(path=tiny_checkpoint(architecture), format="safetensors", source="local")
        return TransformersBackend().load(candidate(model, precision), model, files, settings()).engine.checkpoint

    return load


@pytest.fixture
def load_tiny(_loaded: Callable[[str, str], Any]) -> Iterator[TinyLoader]:
    """Return a chat model of its own over a loaded tiny checkpoint: `load_tiny("qwen2", precision="int8")`.

    `context` and `template` replace the checkpoint's, `gather` the batcher's; the rest goes to
    `[backends.transformers]`.
    """
    from qwen_router_plugins.backends.chat_template import ChatTemplate
    from qwen_router_plugins.backends.transformers.chat import ChatTransformers
    from qwen_router_plugins.backends.transformers.engine import Engine

    made = []

    def load(
        architecture: str,
        *,
        precision: str = "fp32",
        context: int = 0,
        template: str = "",
        gather: float = 0.01,
        **options: Any,
    ) -> Any:
        checkpoint = _loaded(architecture, precision)
        prompts = checkpoint.prompts
        if template:
            prompts = dataclasses.replace(prompts, template=ChatTemplate(template, prompts.vocabulary.specials))
        checkpoint = dataclasses.replace(checkpoint, prompts=prompts, context=context or checkpoint.context)
        chat = ChatTransformers(
            engine=Engine(checkpoint, settings(**options), gather=gather),
            model_name=load_catalogue().find(MODELS[architecture]).id,
        )
        made.append(chat)
        return chat

    yield load
    for chat in made:
        chat.close()
