"""What a model takes in llama.cpp: the estimate of the `llama_cpp` backend."""

from __future__ import annotations

from qwen_router.catalog import Model, kv_cache_bytes, linear_state_bytes, weight_bytes
from qwen_router.choice import MemoryEstimate, Offer

CPU_BATCH = 128
"""Prompt tokens decoded between two looks at the cancellation; on a CPU a larger batch is hardly faster."""
_GPU_BATCH = 512
"""llama.cpp's default `n_ubatch`."""
_CONTEXT_STEP = 256
"""llama.cpp rounds each slot's context up: `GGML_PAD(n_ctx_seq, 256)` in llama-context.cpp."""
_RUNTIME = {"cpu": 180_000_000, "cuda": 500_000_000}
"""On the CPU half of it is the tokenizer's vocabulary in Python; on a GPU the CUDA context and the kernels."""


def predict_memory(model: Model, offer: Offer, context: int, slots: int) -> MemoryEstimate:
    """Predict the peak; llama.cpp takes the cache of every slot when it loads, and on a GPU its buffers too."""
    padded = -(-context // _CONTEXT_STEP) * _CONTEXT_STEP
    activations = _buffers(model, offer, padded, slots)
    return MemoryEstimate(
        weights=weight_bytes(model, offer.precision),
        kv_cache=kv_cache_bytes(model, padded, slots) + linear_state_bytes(model, slots),
        activations=activations,
        runtime=_RUNTIME.get(offer.device, _RUNTIME["cuda"]),
        on_demand=activations if offer.device == "cpu" else 0,
    )


def _buffers(model: Model, offer: Offer, context: int, slots: int) -> int:
    """Return the compute buffers in bytes: all values are fp32, the mask fp16 and fp32.

    llama.cpp reserves logits for every token of a batch. A GPU gives them memory at once; on a CPU only the pages that
    are written to count, which are those of the last token of each slot.
    """
    accelerated = offer.device != "cpu"
    tokens = _GPU_BATCH if accelerated else CPU_BATCH
    width = model.intermediate_size or (model.moe_intermediate_size or 0) * (model.experts_per_token or 1)
    logits = model.vocab_size * 4 * (tokens if accelerated else 2 * slots)
    return tokens * (2 * width + 4 * model.hidden_size) * 4 + tokens * context * slots * 6 + logits
