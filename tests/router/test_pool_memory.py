"""Unloading a real model gives its memory back."""

import gc

import psutil
import pytest

from qwen_router import Candidate, ModelFiles, Offer, Settings, load_catalogue
from qwen_router_plugins.backends.llama_cpp import LlamaCppBackend


def test_cycles_of_loading_and_unloading_leave_nothing_behind(embedded_gguf):
    pytest.importorskip("xllamacpp")
    model = load_catalogue()["Qwen/Qwen2.5-Coder-0.5B-Instruct"]
    files = ModelFiles(path=embedded_gguf, format="gguf", source="test")
    candidate = Candidate(
        model=model.id, offer=Offer(precision="q4_k_m", format="gguf", quant="q4_k_m"), backend="llama_cpp",
        memory_bytes=1, tokens_per_second=1, quality=1, context=256,
    )  # fmt: skip
    backend, after = LlamaCppBackend(), []
    settings = Settings(backends={"llama_cpp": {"threads": 1, "parallel": 1}})
    for _ in range(3):
        chat_model = backend.load(candidate, model, files, settings)
        chat_model.invoke("Say hello.", max_tokens=2)
        loaded = resident()
        backend.unload(chat_model)
        del chat_model
        gc.collect()
        after.append(resident())
    took = loaded - after[-1]
    assert took > 300e6
    # The first cycle brings libraries that stay. benchmarks/unload.py measures this alone in a process.
    assert after[-1] - after[0] < 0.1 * took


def resident():
    return psutil.Process().memory_info().rss
