"""How much memory a model takes: pure arithmetic on catalogue numbers."""

from __future__ import annotations

from qwen_router.catalog.model import Model
from qwen_router.choice import MemoryEstimate

_DENSE = {"fp32": 4, "fp16": 2, "bf16": 2}
_BITS = {
    # One fp32 scale a row of thousands: LLM.int8(), arXiv:2208.07339.
    "int8": 8.0,
    # An 8-bit scale for 64 weights and an fp32 one for 256 of these: double quantization, arXiv:2305.14314 section 3.
    "nf4": 4 + 8 / 64 + 32 / (64 * 256),
    # A 16-bit scale and a zero point for 128 weights: arXiv:2210.17323 and arXiv:2306.00978, group_size 128.
    "gptq_int4": 4 + (16 + 4) / 128,
    "awq": 4 + (16 + 4) / 128,
    "gptq_int8": 8 + (16 + 8) / 128,
    # A 32-bit scale for blocks of 128 x 128 weights, arXiv:2412.19437 section 3.3.
    "fp8": 8 + 32 / 128**2,
}
_BITSANDBYTES = ("int8", "nf4")
_LINEAR_HEAD = 128
"""Width of the heads of Gated DeltaNet layers in Qwen3-Next and Qwen3.5, keys and values alike."""
_LINEAR_KEYS = 16
_CONVOLUTION = 4
_RUNTIME_BYTES = 300_000_000
"""What a library in this process takes beside the model, where its backend doesn't say."""


def weight_bytes(model: Model, precision: str) -> int:
    """Return the bytes of the loaded weights; 0 for an unknown precision.

    A GGUF file is held as it is, so its size is exact. Quantization leaves some 16-bit, see `unquantized_parameters`.
    """
    if precision in _DENSE:
        return model.parameters * _DENSE[precision]
    if precision in _BITS:
        kept = unquantized_parameters(model, precision)
        return int((model.parameters - kept) * _BITS[precision] / 8 + kept * 2)
    file = model.gguf_at(precision)
    return file.bytes if file else 0


def unquantized_parameters(model: Model, precision: str) -> int:
    """Return how many parameters stay at 16 bits.

    Always the embeddings and the head; tied ones count once. bitsandbytes converts every other `nn.Linear`, those of
    the towers included (transformers 5.23, `get_keys_to_not_convert` and `replace_with_bnb_linear`), but not the
    experts, which transformers keeps in fused parameters. The official GPTQ, AWQ and FP8 repositories convert the
    experts and leave the towers. Norms, biases and convolutions, less than a hundredth, count as converted.
    """
    kept = model.vocab_size * model.hidden_size * (1 if model.tied_embeddings else 2)
    if precision not in _BITSANDBYTES:
        return min(model.parameters, kept + model.tower_parameters)
    # Three matrices an expert: SwiGLU, arXiv:2002.05202.
    experts = (model.experts or 0) * 3 * model.hidden_size * (model.moe_intermediate_size or 0) * model.layers
    return min(model.parameters, kept + experts)


def kv_cache_bytes(model: Model, context: int, sequences: int = 1, bytes_per_value: int = 2) -> int:
    """Return the bytes of keys and values for `sequences` contexts of `context` tokens.

    2 (K and V) x layers x KV heads x head size x bytes, as in grouped-query attention, arXiv:2305.13245.
    """
    return 2 * model.attention_layers * model.kv_heads * model.head_dim * bytes_per_value * context * sequences


def linear_state_bytes(model: Model, sequences: int = 1) -> int:
    """Return the bytes of the constant state of linear attention in hybrid models; 0 in others.

    Each Gated DeltaNet layer keeps a matrix of key by value a head in fp32, arXiv:2412.06464, and the last inputs of a
    short convolution over queries, keys and values. The value heads are as wide together as the attention heads.
    """
    values = model.heads * model.head_dim
    matrix = values * _LINEAR_HEAD * 4
    convolution = (2 * _LINEAR_KEYS * _LINEAR_HEAD + values) * _CONVOLUTION * 2
    return (model.layers - model.attention_layers) * (matrix + convolution) * sequences


def estimate_memory(model: Model, precision: str, *, context: int, sequences: int = 1) -> MemoryEstimate:
    """Predict roughly what a loaded model takes in a backend that doesn't say: weights, caches and a constant."""
    if precision == "served":
        return MemoryEstimate()
    return MemoryEstimate(
        weights=weight_bytes(model, precision),
        kv_cache=kv_cache_bytes(model, context, sequences) + linear_state_bytes(model, sequences),
        runtime=_RUNTIME_BYTES,
    )
