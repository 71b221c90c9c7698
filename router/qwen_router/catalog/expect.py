"""What to expect of a model before it has answered here: quality, speed, loading time."""

from __future__ import annotations

import math

from qwen_router.catalog.memory import weight_bytes
from qwen_router.catalog.model import Model
from qwen_router.choice import Offer
from qwen_router.resources import Resources
from qwen_router.types import Task

# The quality of Mixtral-8x7B-Instruct on this scale: that of Qwen2-7B-Instruct, whose MMLU it shares (70.6 and 70.5).
_REFERENCE = 0.39
# What four bits cost in logits, by parameters: fitted on the Qwen documentation's table of GPTQ-Int4 and AWQ against
# bf16 for Qwen2 0.5B to 72B (quantization_benchmark.html: MMLU, C-Eval and IFEval).
_FOUR_BITS, _SHRINKS = 0.14, -0.36
# Other precisions by what they cost beside four bits. int8: the same table. GGUF types: the increase of perplexity
# beside Q4_K_M's in llama.cpp's measurements (pull request 6936 and tools/perplexity/README.md).
_COST = {
    "int8": 0.3,
    "fp8": 0.3,
    "gptq_int8": 0.3,
    "nf4": 1.0,
    "awq": 1.0,
    "gptq_int4": 1.0,
    "q8_0": 0.03,
    "q6_k": 0.13,
    "q5_k_m": 0.3,
    "q5_0": 0.35,
    "q4_k_m": 1.0,
    "q4_0": 1.5,
    "q3_k_m": 3.0,
    "q2_k": 8.0,
}
# Bytes a second where a machine doesn't say: two channels of DDR4-3200, and a middling accelerator.
_RAM_BANDWIDTH, _ACCELERATOR_BANDWIDTH = 50e9, 500e9
_PER_CORE = 30e9
# Share of the bandwidth that decoding reaches, and seconds a layer takes whatever its size (launches, Python).
# Measured with Qwen2.5-Coder 0.5B and 1.5B on two cores; the accelerator's are transformers' usual eager speed.
_REACHED = {("llama_cpp", "cpu"): 1.0, ("transformers", "cpu"): 0.35}
_LAYER = {("llama_cpp", "cpu"): 0.4e-3, ("transformers", "cpu"): 0.3e-3}
_ACCELERATED_REACHED, _ACCELERATED_LAYER = 0.6, 0.6e-3
# bitsandbytes unpacks at every step: how many times longer one takes beside bf16.
_UNPACKING = {"int8": 3.0, "nf4": 1.6}
_DISK, _START = 1e9, {"llama_cpp": 0.5, "transformers": 3.0}
# transformers takes a GGUF file apart in Python: 36 s for half a billion parameters.
_UNPACKING_SECONDS = 7e-8


def expected_quality(model: Model, task: Task, *, thinking: bool, offer: Offer | None = None) -> float:
    """Return the share of right answers to expect, from published scores, less what quantization costs.

    A task that nobody publishes scores for counts as `general`. A model without any is judged by its size.
    """
    known = model.quality.get(task) or model.quality.get("general")
    value = None if known is None else known.thinking if thinking else known.plain
    logit = _by_size(model) if value is None else _logit(value)
    if offer is not None:
        logit -= _quantization_cost(model, offer)
    return 1 / (1 + math.exp(-logit))


def chance_of_success(quality: float, difficulty: float) -> float:
    """Return the chance that a model answers a request rightly: the Rasch model (Rasch 1960).

    Args:
        quality: Its expected share of right answers.
        difficulty: The chance that the reference of the difficulty's training data, Mixtral-8x7B, is wrong.
    """
    return 1 / (1 + math.exp(_logit(_REFERENCE) + _logit(difficulty) - _logit(quality)))


def expected_tokens_per_second(model: Model, offer: Offer, backend: str, resources: Resources) -> float:
    """Return the decoding speed of one stream: each token reads the active weights once."""
    # What a server holds is not known; most hold bf16.
    stored = weight_bytes(model, "bf16" if offer.format == "served" else offer.precision)
    read = stored * model.active_parameters / model.parameters
    if offer.device == "cpu":
        bandwidth = min(resources.ram_bandwidth or _RAM_BANDWIDTH, _PER_CORE * resources.cores)
        reached = _REACHED.get((backend, "cpu"), 0.5)
        layer = _LAYER.get((backend, "cpu"), 0.4e-3)
    else:
        device = max((d for d in resources.devices if d.kind == offer.device), key=lambda d: d.total, default=None)
        bandwidth = (device.bandwidth if device else None) or _ACCELERATOR_BANDWIDTH
        reached, layer = _ACCELERATED_REACHED, _ACCELERATED_LAYER
    return 1 / ((read / (bandwidth * reached) + layer * model.layers) * _UNPACKING.get(offer.precision, 1.0))


def expected_load_seconds(model: Model, offer: Offer, backend: str) -> float:
    """Return how long loading takes from a solid-state disk that reads a gigabyte a second."""
    if offer.format == "served":
        return 0.0
    file = model.gguf_at(offer.quant) if offer.format == "gguf" else None
    size = file.bytes if file else model.stored_parameters * 2
    unpacking = _UNPACKING_SECONDS * model.parameters if file and offer.precision != offer.quant else 0.0
    return size / _DISK + _START.get(backend, 1.0) + unpacking


def _logit(share: float) -> float:
    share = min(max(share, 1e-6), 1 - 1e-6)
    return math.log(share / (1 - share))


def _quantization_cost(model: Model, offer: Offer) -> float:
    kind = offer.quant or offer.precision
    return _COST.get(kind, 0.0) * _FOUR_BITS * math.pow(model.parameters / 1e9, _SHRINKS)


def _by_size(model: Model) -> float:
    return -0.4 + 1.15 * math.log10(math.sqrt(model.parameters * model.active_parameters) / 0.5e9)
