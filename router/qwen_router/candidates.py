"""Lists every way to run a step on this machine, with the facts a sizing policy needs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from qwen_router import tool_calling
from qwen_router.backend import Backend
from qwen_router.catalog import Model
from qwen_router.choice import Candidate, ModelKey
from qwen_router.errors import InputError, MediaError
from qwen_router.hooks import tokens_to_think
from qwen_router.pool import Pool
from qwen_router.reckoning import LoadedKey, Place, Row
from qwen_router.request import Request, estimated_tokens
from qwen_router.resources import Resources
from qwen_router.senses import media_cost, too_much
from qwen_router.services import Services
from qwen_router.specialist import Specialist
from qwen_router.types import Classification

_GIB = 2**30


def list_candidates(
    services: Services,
    specialist: Specialist,
    request: Request,
    classification: Classification,
    *,
    resources: Resources | None = None,
) -> list[Candidate]:
    """Return the candidates of a step: the specialist's own models, then its stand-ins.

    Args:
        resources: The machine to list them for; `None` for this one.

    Raises:
        UnknownModel: The caller asked for a model that the catalogue doesn't hold.
        MediaError: No model takes as many images, or as long sounds.
        NoModelFits: There are tools, and no model can call any.
    """
    settings, machine = services.settings, resources or services.resources()
    backends = [b for b in services.registry.backends.values() if b.missing(settings) is None]
    rows = list(_rows(services, specialist, request, classification))
    _refuse_too_much(rows)
    lasting, loaded, epoch = machine.lasting, _contexts(services.pool.warm()), services.weights.epoch()
    found: list[Candidate] = []
    if request.tools:
        tool_calling.check_models([row.model for row in rows], backends)
    for row in rows:
        offers = [(backend, backend.offers(row.model, settings, machine)) for backend in backends]
        ways = services.reckoned.candidates(services, row, Place(lasting, offers, loaded, epoch), machine)
        found += _that_call_tools(ways, row.model, backends) if request.tools else ways
    return found if resources else _as_the_pool_stands(services.pool, found)


def missing_backends(services: Services) -> str:
    """Say in one line which backends can't be used here, and why."""
    reasons = (backend.missing(services.settings) for backend in services.registry.backends.values())
    return " ".join(reason for reason in reasons if reason)


def _contexts(warm: frozenset[ModelKey]) -> dict[LoadedKey, int]:
    """Return the largest loaded context of each model, precision, backend and adapter."""
    return {key[:5]: key[5] for key in sorted(warm, key=lambda key: key[5])}


def _as_the_pool_stands(pool: Pool, candidates: list[Candidate]) -> list[Candidate]:
    """Reject what failed to load just now or can't be had beside the pinned models."""
    cooling = pool.cooling()
    # What is not here has a better reason not to be chosen.
    return [_as_it_stands(pool, cooling, c) if cooling or (c.on_disk and not c.warm) else c for c in candidates]


def _as_it_stands(pool: Pool, cooling: Mapping[ModelKey, str], candidate: Candidate) -> Candidate:
    why = cooling.get(candidate.key)
    room = pool.room(candidate) if candidate.on_disk and not candidate.warm else None
    if why is None and room is not None and candidate.memory_bytes > room:
        why = f"Needs {candidate.memory_bytes / _GIB:.1f} GiB; models may take {max(0, room) / _GIB:.1f} GiB here."
    return candidate if why is None else candidate.model_copy(update={"rejected": why})


def _models(services: Services, specialist: Specialist, request: Request) -> Iterator[tuple[Model, bool]]:
    """Yield (model, whether it is the specialist's own)."""
    needed = set(request.modalities)
    if name := request.hints.model:
        model = services.catalogue.find(name)
        lacking = sorted(needed - set(model.modalities))
        if lacking:
            raise InputError(f"{model.id} reads no {lacking[0]}.", "Choose another model, or leave the choice to us.")
        yield model, True
        return
    for model, own in services.serving(specialist):
        if needed.issubset(model.modalities):
            yield model, own


def _that_call_tools(candidates: Sequence[Candidate], model: Model, backends: list[Backend]) -> list[Candidate]:
    """Reject what can't call tools."""
    faults = {backend.name: tool_calling.fault(model, backend) for backend in backends}
    return [c.model_copy(update={"rejected": why}) if (why := faults[c.backend]) else c for c in candidates]


def _rows(
    services: Services, specialist: Specialist, request: Request, classification: Classification
) -> Iterator[Row]:
    """Yield what the request decides of each model's candidates."""
    settings, hints, media = services.settings, request.hints, classification.media
    text_tokens = estimated_tokens(request, 0)
    # By the family's advice, where nobody has measured them.
    advised = estimated_tokens(request) - text_tokens
    room = request.sampling.max_new_tokens or settings.generation.max_new_tokens
    asked = request.thinking_switch if hints.thinking is None else hints.thinking
    tested = settings.escalation.max_attempts > 1 and specialist.can_test(request)
    adapter = services.adapters.get(specialist.task)
    for model, own in _models(services, specialist, request):
        wanted, thought = _thought(services, request, classification, model)
        media_tokens = sum(media_cost(model.model_type, a).tokens for a in media) if media else advised
        tokens = text_tokens + media_tokens + room
        why = too_much(model.model_type, model.max_images, media) if media else None
        yield Row(
            task=specialist.task,
            model=model,
            adapter=adapter if adapter is not None and adapter.base == model.id else None,
            own=own,
            wanted=wanted,
            thought=thought,
            asked=asked is True,
            tested=tested,
            tokens=0 if tokens + thought <= min(settings.sizing.context, model.context) else tokens,
            media_tokens=media_tokens,
            speaks=hints.model is not None or _speaks(model, classification.language),
            rejected=None if why is None else f"It {why}",
        )


def _thought(services: Services, request: Request, classification: Classification, model: Model) -> tuple[bool, int]:
    """Return whether the request calls for a thought, and the most tokens it may have if there is one."""
    wanted = 0
    if model.thinking != "none":
        wanted = tokens_to_think(services.manager, request, classification, model, services.settings)
    if not wanted and model.thinking != "only":
        return False, 0
    return wanted > 0, request.hints.thinking_budget or wanted or services.settings.thinking.min_tokens


def _refuse_too_much(rows: list[Row]) -> None:
    if rows and all(row.rejected for row in rows):
        what = f"{rows[0].model.name} {str(rows[0].rejected).removeprefix('It ')}"
        raise MediaError(what, "Send fewer or shorter ones, or choose another model.")


def _speaks(model: Model, language: str) -> bool:
    return not model.languages or language == "und" or language.partition("-")[0] in model.languages
