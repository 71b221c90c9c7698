"""What a model takes in torch: the estimate of the `transformers` backend."""

from __future__ import annotations

from qwen_router.catalog import Model, kv_cache_bytes, linear_state_bytes, weight_bytes
from qwen_router.choice import MemoryEstimate, Offer

_PREFILL_TOKENS = {"cpu": 256}
_PREFILL_TOKENS_ACCELERATED = 1024
_RUNTIME = {"cpu": 440_000_000, "cuda": 600_000_000}
"""On the CPU torch, transformers and the tokenizer; on a GPU the CUDA context with the kernels of torch and cuBLAS."""
_BITSANDBYTES = 45_000_000
"""What importing it adds."""
_GGUF_READER = 110_000_000
"""What reading a GGUF header leaves in the heap: Python objects for 150,000 tokens and as many merges."""
_INT8_VALUE = 18
"""A value of a product of LLM.int8() on a CPU: an int32 sum, its scale and two products in fp32, the result in bf16
(bitsandbytes 0.50, `int8_mm_dequant` of the default backend)."""
_HEAP_SETS = 5
"""How many sets of int8's buffers glibc's heap holds, freed ones included: 2 to 11 measured, see benchmarks."""
_PATCHES = 4
"""Patches of an image that make a token."""
_TOWER_WIDTH = 1280
"""Of the family's vision towers, or nearly so."""
_TOWER_BYTES = 80
"""A patch's queries, keys and values, the first two in fp32 thrice for rotary embedding, and what the heap keeps."""


def prefill_tokens(device: str) -> int:
    """Return how many prompt tokens of all rows together one pass reads.

    Enough to keep the device busy; the buffers of a whole prompt would outgrow the weights of a small model.
    """
    return _PREFILL_TOKENS.get(device, _PREFILL_TOKENS_ACCELERATED)


def predict_memory(model: Model, offer: Offer, context: int, rows: int) -> MemoryEstimate:
    """Predict the peak of a model whose batch is full; the cache and all buffers are taken on demand.

    Args:
        context: Tokens that all rows of a batch hold together, as `Batcher` admits them.
        rows: Most rows of a batch.
    """
    cache = kv_cache_bytes(model, context, 1, _value_bytes(offer.precision)) + linear_state_bytes(model, rows)
    activations = max(_prefill(model, offer, context, rows), _images(model, offer, context))
    return MemoryEstimate(
        weights=weight_bytes(model, offer.precision) + _second_head(model, offer),
        kv_cache=cache,
        activations=activations,
        runtime=_runtime(offer),
        on_demand=cache + activations,
    )


def _runtime(offer: Offer) -> int:
    if offer.device != "cpu":
        return _RUNTIME["cuda"]
    quantized = _BITSANDBYTES if offer.precision in ("int8", "nf4") else 0
    return _RUNTIME["cpu"] + quantized + (_GGUF_READER if offer.format == "gguf" else 0)


def _second_head(model: Model, offer: Offer) -> int:
    """Return the bytes of a tied head that the file holds a second time, which transformers then loads untied.

    So do the official GGUF files of Qwen2.5 (`output.weight`; their sizes show it), those of Qwen3 don't.
    """
    if offer.format != "gguf" or not model.tied_embeddings or model.model_type != "qwen2":
        return 0
    return model.vocab_size * model.hidden_size * _value_bytes(offer.precision)


def _prefill(model: Model, offer: Offer, context: int, rows: int) -> int:
    """Return the largest buffers of one pass over a prompt, in bytes."""
    tokens, value = min(prefill_tokens(offer.device), context), _value_bytes(offer.precision)
    return _feed_forward(model, offer, tokens) + _attention(model, context, tokens, value) + _logits(model, rows)


def _feed_forward(model: Model, offer: Offer, tokens: int) -> int:
    """Return the widest point of a layer: gate, up and their product, arXiv:2002.05202.

    On a GPU one kernel turns the int32 sums of LLM.int8() into them.
    """
    width = model.intermediate_size or (model.moe_intermediate_size or 0) * (model.experts_per_token or 1)
    each = 3 * _value_bytes(offer.precision)
    if offer.precision == "int8":
        each = _HEAP_SETS * (each + _INT8_VALUE) if offer.device == "cpu" else each + 4
    return tokens * width * each


def _attention(model: Model, context: int, tokens: int, value: int) -> int:
    """Return the mask, and one layer's keys and values repeated for every query head.

    transformers 5.23 repeats them where there is a mask (`sdpa_attention.py`), which is so from the second pass on. The
    mask is boolean first, then added to the scores in the model's type.
    """
    repeated = 2 * context * model.heads * model.head_dim * value
    return repeated + tokens * context * (1 + value)


def _logits(model: Model, rows: int) -> int:
    """Return the logits of the last position of each row: as computed, in fp32 and as the sampler changes them."""
    return rows * model.vocab_size * (4 + 4 + 4)


def _images(model: Model, offer: Offer, context: int) -> int:
    """Return what a vision tower takes for one context full of images, all at once before the prompt is read.

    The widest point is the attention of a layer (`apply_rotary_pos_emb_vision` in transformers 5.23), at int8 on a CPU
    the product before it. Batches whose images don't fit together are tried again one by one.
    """
    if "image" not in model.modalities:
        return 0
    each = _HEAP_SETS * 3 * _INT8_VALUE if offer.precision == "int8" and offer.device == "cpu" else _TOWER_BYTES
    return context * _PATCHES * _TOWER_WIDTH * each


def _value_bytes(precision: str) -> int:
    """Return the bytes of one activation."""
    return 4 if precision == "fp32" else 2
