"""The memory that a loaded model takes: formulas, the real rules of bitsandbytes, and one real load."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from blueprints import blueprint, loaded_bytes
from hypothesis import given, settings
from hypothesis import strategies as st

from qwen_router.catalog import (
    Model,
    estimate_memory,
    kv_cache_bytes,
    linear_state_bytes,
    load_catalogue,
    weight_bytes,
)
from qwen_router.choice import MemoryEstimate, Offer
from qwen_router.settings_file import load_settings
from qwen_router_plugins.backends.llama_cpp import LlamaCppBackend
from qwen_router_plugins.backends.transformers import TransformersBackend

CATALOGUE = load_catalogue()
CODER = CATALOGUE["Qwen/Qwen2.5-Coder-0.5B-Instruct"]
QWEN3_8B = CATALOGUE["Qwen/Qwen3-8B"]
DENSE = [m for m in CATALOGUE.values() if m.active_parameters == m.parameters]
GGUF = [m for m in CATALOGUE.values() if m.gguf and m.modalities == ("text",)]
PRECISIONS = ("fp32", "bf16", "int8", "nf4")


def torch_memory(model: Model, precision: str, context: int = 8192, rows: int = 1, device: str = "cpu") -> Any:
    options = load_settings(backends={"transformers": {"max_batch": rows}})
    offer = Offer(precision=precision, format="safetensors", device=device)
    return TransformersBackend().memory(model, offer, context, options)


def llama_memory(model: Model, precision: str, context: int = 8192, slots: int = 1, device: str = "cpu") -> Any:
    options = load_settings(backends={"llama_cpp": {"parallel": slots}})
    offer = Offer(precision=precision, format="gguf", quant=precision, device=device)
    return LlamaCppBackend().memory(model, offer, context, options)


def test_the_kv_cache_is_the_published_arithmetic():
    # 24 layers x 2 KV heads x 64 x 2 (K, V) x 2 bytes = 12,288 bytes a token.
    assert kv_cache_bytes(CODER, 1) == 12_288
    assert kv_cache_bytes(CODER, 1000, sequences=2) == 24_576_000
    # 36 layers x 8 KV heads x 128 x 2 x 2 bytes = 147,456 bytes a token.
    assert kv_cache_bytes(QWEN3_8B, 1) == 147_456


def test_linear_attention_keeps_a_constant_state():
    # 36 layers of 32 heads with 128 x 128 in fp32, and 8,192 channels x 4 steps in bf16.
    assert linear_state_bytes(CATALOGUE["Qwen/Qwen3-Next-80B-A3B-Instruct"]) == 36 * (32 * 128 * 128 * 4 + 8192 * 4 * 2)
    assert linear_state_bytes(QWEN3_8B) == 0


def test_the_weights_are_hand_computed():
    # 8,190,735,360 parameters; embeddings and head are 2 x 151,936 x 4,096 of them.
    kept = 1_244_659_712
    assert weight_bytes(QWEN3_8B, "fp32") == 32_762_941_440
    assert weight_bytes(QWEN3_8B, "bf16") == weight_bytes(QWEN3_8B, "fp16") == 16_381_470_720
    assert weight_bytes(QWEN3_8B, "int8") == 8_190_735_360 - kept + 2 * kept
    # 4 + 1/8 + 1/512 bits.
    assert weight_bytes(QWEN3_8B, "nf4") == int((8_190_735_360 - kept) * 4.126953125 / 8 + 2 * kept)
    # 4 bits, and 20 for 128 weights.
    assert weight_bytes(QWEN3_8B, "awq") == int((8_190_735_360 - kept) * 4.15625 / 8 + 2 * kept)


def test_a_gguf_file_counts_as_it_is():
    assert weight_bytes(CODER, "q4_k_m") == 491_400_064
    assert weight_bytes(CODER, "q9_k") == 0


def test_servers_leave_the_towers_and_bitsandbytes_the_experts():
    seeing = CATALOGUE["Qwen/Qwen2.5-VL-7B-Instruct"]
    assert weight_bytes(seeing, "fp8") - weight_bytes(seeing, "int8") == pytest.approx(676_550_144, rel=0.05)
    mixture = CATALOGUE["Qwen/Qwen3-30B-A3B"]
    assert weight_bytes(mixture, "nf4") > 0.95 * weight_bytes(mixture, "bf16")
    assert weight_bytes(mixture, "gptq_int4") < 0.3 * weight_bytes(mixture, "bf16")


def test_a_backend_that_says_nothing_gets_weights_caches_and_a_constant():
    found = estimate_memory(QWEN3_8B, "bf16", context=1000, sequences=2)
    assert (found.weights, found.kv_cache) == (16_381_470_720, 294_912_000)
    assert 0 < found.runtime < 10**9
    assert estimate_memory(QWEN3_8B, "served", context=8192) == MemoryEstimate()


SHAPES = ["Qwen2.5-0.5B-Instruct", "Qwen3-8B", "Qwen3-30B-A3B", "Qwen2.5-VL-7B-Instruct", "Qwen2-Audio-7B-Instruct"]


@pytest.mark.parametrize("precision", ["bf16", "int8", "nf4"])
@pytest.mark.parametrize("name", SHAPES)
def test_weights_are_what_transformers_and_bitsandbytes_make(name: str, precision: str):
    pytest.importorskip("bitsandbytes")
    model = CATALOGUE.find(name)
    network = blueprint(model)
    if precision == "bf16":
        # The blueprint is the model: what follows compares formulas, not shapes.
        assert sum(p.numel() for p in network.parameters()) == model.parameters
    assert weight_bytes(model, precision) == pytest.approx(loaded_bytes(network, precision), rel=0.01)


@settings(deadline=None, max_examples=60)
@given(
    model=st.sampled_from(DENSE),
    precision=st.sampled_from(PRECISIONS),
    device=st.sampled_from(("cpu", "cuda")),
    context=st.integers(512, 40_000),
    rows=st.integers(1, 8),
    more=st.integers(0, 40_000),
)
def test_more_context_or_rows_never_take_less_in_torch(
    model: Model, precision: str, device: str, context: int, rows: int, more: int
):
    found = torch_memory(model, precision, context, rows, device)
    assert torch_memory(model, precision, context + more, rows, device).total >= found.total
    assert torch_memory(model, precision, context, rows + more % 8, device).total >= found.total
    assert found.weights < found.total
    assert found.on_demand == found.kv_cache + found.activations


@settings(deadline=None, max_examples=60)
@given(
    model=st.sampled_from(GGUF),
    device=st.sampled_from(("cpu", "cuda")),
    context=st.integers(512, 40_000),
    slots=st.integers(1, 8),
    more=st.integers(0, 40_000),
)
def test_more_context_or_slots_never_take_less_in_llama_cpp(
    model: Model, device: str, context: int, slots: int, more: int
):
    precision = model.gguf[0].precision
    found = llama_memory(model, precision, context, slots, device)
    assert llama_memory(model, precision, context + more, slots, device).total >= found.total
    assert llama_memory(model, precision, context, slots + more % 8, device).total >= found.total
    # The cache of every slot is there from the start.
    assert found.on_demand <= found.activations


@settings(deadline=None, max_examples=40)
@given(model=st.sampled_from(DENSE), context=st.integers(512, 40_000), rows=st.integers(1, 8))
def test_fewer_bits_take_less(model: Model, context: int, rows: int):
    sizes = [torch_memory(model, p, context, rows, "cuda").total for p in PRECISIONS]
    assert sizes == sorted(sizes, reverse=True)
    weights = [weight_bytes(model, p) for p in PRECISIONS]
    assert len(set(weights)) == len(weights)
    assert weights == sorted(weights, reverse=True)


@given(model=st.sampled_from(DENSE), precision=st.sampled_from(PRECISIONS), more=st.integers(0, 10**9))
def test_more_parameters_never_take_less(model: Model, precision: str, more: int):
    larger = model.model_copy(update={"parameters": model.parameters + more})
    assert weight_bytes(larger, precision) >= weight_bytes(model, precision)


def test_a_context_beyond_the_native_one_is_never_held():
    assert torch_memory(CODER, "bf16", CODER.context) == torch_memory(CODER, "bf16", CODER.context * 2)
    assert llama_memory(CODER, "q4_k_m", CODER.context) == llama_memory(CODER, "q4_k_m", CODER.context * 2)


LOAD = """
import sys
from pathlib import Path
import psutil
from qwen_router import Candidate
from qwen_router.backend import ModelFiles
from qwen_router.catalog import load_catalogue
from qwen_router.config import Settings
from qwen_router.choice import Offer
from qwen_router_plugins.backends.llama_cpp import LlamaCppBackend

model, backend = load_catalogue()["Qwen/Qwen2.5-Coder-0.5B-Instruct"], LlamaCppBackend()
offer = Offer(precision="q4_k_m", format="gguf", quant="q4_k_m")
settings = Settings(backends={"llama_cpp": {"parallel": 1}})
memory = backend.memory(model, offer, 512, settings)
candidate = Candidate(model=model.id, offer=offer, backend="llama_cpp", memory_bytes=memory.total,
                      tokens_per_second=1, quality=1, context=512)
process = psutil.Process()
before = process.memory_info().rss
chat = backend.load(candidate, model, ModelFiles(path=Path(sys.argv[1]), format="gguf", source="test"), settings)
chat.invoke("go " * 200, max_tokens=2)
print(memory.total / (process.memory_info().rss - before))
backend.unload(chat)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere resident pages are counted in other ways")
def test_a_real_load_takes_what_was_predicted(embedded_gguf: Path):
    pytest.importorskip("xllamacpp")
    ran = subprocess.run([sys.executable, "-c", LOAD, str(embedded_gguf)], capture_output=True, text=True, check=True)
    assert float(ran.stdout) == pytest.approx(1, abs=0.15)
