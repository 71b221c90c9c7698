"""Decides how the tokens of a call are drawn."""

from __future__ import annotations

from qwen_router.catalog import Model
from qwen_router.request import Sampling
from qwen_router.services import Services
from qwen_router.state import Work

_THINKING_TEMPERATURE, _THINKING_TOP_K = 0.6, 20
"""Of the Qwen3 model cards, for thinking models whose cards give none."""


def sampling_of(services: Services, work: Work, model: Model, *, thinking: bool) -> tuple[Sampling, tuple[str, ...]]:
    """Return the caller's settings over the specialist's over the model's documented ones over the operator's.

    Returns:
        The settings, and what the user should know of them.
    """
    sampling = Sampling(max_new_tokens=services.settings.generation.max_new_tokens)
    again = bool(work.escalations) and work.escalations[-1].action == "sample"
    if thinking:
        sampling = (model.thinking_sampling or model.sampling).over(sampling)
    else:
        sampling = model.sampling.over(sampling)
        # Asked again, a greedy model would only repeat itself.
        if not again:
            sampling = services.registry.specialist(work.step.task).sampling.over(sampling)
    sampling = work.request.sampling.over(sampling)
    if again and sampling.seed is not None:
        sampling = sampling.model_copy(update={"seed": sampling.seed + len(work.attempts)})
    return _never_greedy(sampling, model) if thinking else (sampling, ())


def _never_greedy(sampling: Sampling, model: Model) -> tuple[Sampling, tuple[str, ...]]:
    """Raise what makes a thinking model take the likeliest token each time, which the model cards forbid."""
    documented = model.thinking_sampling or model.sampling
    changed: dict[str, float] = {}
    if not sampling.temperature:
        changed["temperature"] = documented.temperature or _THINKING_TEMPERATURE
    if sampling.top_k == 1:
        changed["top_k"] = documented.top_k or _THINKING_TOP_K
    warnings = tuple(
        f"Qwen's thinking models loop when decoded greedily: {name} is {value:g} instead of {given:g}."
        for name, value in changed.items()
        if (given := getattr(sampling, name)) is not None
    )
    return sampling.model_copy(update=changed), warnings
