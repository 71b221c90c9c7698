"""What to expect of a model before it has answered here: quality and speed."""

from __future__ import annotations

import math

from qwen_router.catalog.memory import weight_bytes
from qwen_router.catalog.model import Model

_SPECIALTY = {"math": "math", "code": "code", "vision": "vision", "audio": "audio", "general": "general"}
# Logits beside the size's own: later generations answer better at one size, as the Qwen2.5 and Qwen3 reports show.
_GENERATION = {"1.5": -0.6, "2": -0.3, "2.5": 0.0, "3": 0.3, "3.5": 0.5, "3.6": 0.6, "3.8": 0.7}
_THINKING, _OWN_SPECIALTY, _WRONG_SPECIALTY = 0.4, 0.4, -0.6
# Bytes read a second while one stream decodes: measured on 2 server cores; an accelerator's HBM at half its speed.
_BANDWIDTH = {"llama_cpp": 32e9, "transformers": 17e9}
_ACCELERATOR_BANDWIDTH = 800e9


def expected_quality(model: Model, task: str, *, thinking: bool) -> float:
    """Return a prior for the share of right answers, by size, generation and specialty.

    The size counts as the geometric mean of total and active parameters, the rule of thumb for mixtures of experts.
    """
    size = math.sqrt(model.parameters * model.active_parameters)
    logit = -0.4 + 1.15 * math.log10(size / 0.5e9)
    logit += next((bonus for key, bonus in reversed(_GENERATION.items()) if f"Qwen{key}" in model.id), 0.0)
    if model.specialty == _SPECIALTY.get(task, "general"):
        logit += _OWN_SPECIALTY
    elif model.specialty != "general":
        logit += _WRONG_SPECIALTY
    if thinking:
        logit += _THINKING
    return 1 / (1 + math.exp(-logit))


def expected_tokens_per_second(model: Model, precision: str, backend: str, device: str) -> float:
    """Return the decoding speed of one stream: memory bandwidth over the bytes read for a token."""
    # What a server holds is not known; most hold bf16.
    read = (
        weight_bytes(model, "bf16" if precision == "served" else precision) * model.active_parameters / model.parameters
    )
    bandwidth = _BANDWIDTH.get(backend, 17e9) if device == "cpu" else _ACCELERATOR_BANDWIDTH
    return bandwidth / max(read, 1.0)
