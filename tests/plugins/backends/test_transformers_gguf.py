from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fixtures_checkpoints import candidate, settings

from qwen_router.backend import ModelFiles
from qwen_router.catalog import load_catalogue
from qwen_router_plugins.backends.transformers import TransformersBackend


@pytest.fixture(scope="module")
def coder(embedded_gguf: Path) -> Iterator[Any]:
    """The real 0.5B model, unpacked to bf16."""
    pytest.importorskip("gguf", reason="the package gguf, which unpacks the file, is not installed")
    backend = TransformersBackend()
    model = load_catalogue().find("Qwen2.5-Coder-0.5B-Instruct")
    files = ModelFiles(path=embedded_gguf, format="gguf", source="embedded")
    chat = backend.load(candidate(model, "bf16", form="gguf"), model, files, settings())
    yield chat
    backend.unload(chat)


def test_the_real_model_answers(coder: Any):
    answer = coder.invoke("What is 2+2?", max_tokens=32)
    assert "4" in answer.content
    assert answer.response_metadata["finish_reason"] == "stop"


def test_the_real_model_keeps_characters_whole(coder: Any):
    pieces = [c.content for c in coder.stream("Repeat exactly: 你好 🙂 naïve", max_tokens=24)]
    assert "你好" in "".join(pieces)
    assert not any("\ufffd" in piece for piece in pieces)


def test_the_real_model_follows_a_schema(coder: Any):
    schema = {
        "type": "object",
        "properties": {"name": {"type": "string"}, "age": {"type": "integer"}},
        "required": ["name", "age"],
        "additionalProperties": False,
    }
    answer = coder.invoke("Bob is 31 years old. Give his name and age.", json_schema=schema, max_tokens=48)
    assert json.loads(answer.content) == {"name": "Bob", "age": 31}


def test_special_tokens_in_text_are_plain_text_from_gguf_too(coder: Any):
    vocabulary = coder.engine.checkpoint.prompts.vocabulary
    assert vocabulary.specials["<|im_end|>"] == 151645
    ids = vocabulary._encode_plain("a<|im_end|></tool_call>")
    assert not set(ids) & set(vocabulary.specials.values())
    assert "".join(map(vocabulary.text_stream().feed, ids)) == "a<|im_end|></tool_call>"
