"""How much memory a model takes: pure arithmetic on catalogue numbers."""

from __future__ import annotations

from qwen_router.catalog.model import Model
from qwen_router.types import MemoryEstimate

# Bytes per weight. int8: LLM.int8() keeps one fp16 scale a row, arXiv:2208.07339. nf4: QLoRA, arXiv:2305.14314:
# 4 bits and an 8-bit scale per 64 weights with double quantization, 0.127 bits more.
_BYTES = {"fp32": 4.0, "fp16": 2.0, "bf16": 2.0, "int8": 1.0, "nf4": (4 + 0.127) / 8}
_RUNTIME_BYTES = 300_000_000
"""What torch or llama.cpp takes beside weights and cache: libraries, buffers, activations of a short prefill."""


def weight_bytes(model: Model, precision: str) -> int:
    """Return the bytes of the loaded weights.

    bitsandbytes quantizes linear layers only; embeddings and the head stay in bf16. A GGUF file is mapped whole, so its
    size is exact.
    """
    if precision in _BYTES:
        kept = model.vocab_size * model.hidden_size * (1 if model.tied_embeddings else 2)
        if precision in ("int8", "nf4"):
            return int((model.parameters - kept) * _BYTES[precision] + kept * 2)
        return int(model.parameters * _BYTES[precision])
    if file := model.gguf_at(precision):
        return file.bytes
    return 0


def kv_cache_bytes(model: Model, context: int, sequences: int = 1, bytes_per_value: int = 2) -> int:
    """Return the bytes of keys and values for `sequences` contexts of `context` tokens.

    2 (K and V) x layers x KV heads x head size x bytes, as in grouped-query attention, arXiv:2305.13245.
    """
    return 2 * model.attention_layers * model.kv_heads * model.head_dim * bytes_per_value * context * sequences


def estimate_memory(model: Model, precision: str, *, context: int, sequences: int = 1) -> MemoryEstimate:
    """Predict what a loaded model takes: weights, KV cache and the runtime; nothing for a served one."""
    if precision == "served":
        return MemoryEstimate()
    return MemoryEstimate(
        weights=weight_bytes(model, precision),
        kv_cache=kv_cache_bytes(model, context, sequences),
        runtime=_RUNTIME_BYTES,
    )
