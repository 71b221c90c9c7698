"""Lists every way to run a step on this machine, with the facts a sizing policy needs."""

from __future__ import annotations

from collections.abc import Iterator

from qwen_router.backend import Backend
from qwen_router.catalog import Model, expected_quality, expected_tokens_per_second
from qwen_router.errors import InputError
from qwen_router.pool import Pool
from qwen_router.request import Request
from qwen_router.services import Services
from qwen_router.specialist import Specialist
from qwen_router.types import Candidate, Classification, Offer

_GIB = 2**30


def list_candidates(
    services: Services, specialist: Specialist, request: Request, classification: Classification
) -> list[Candidate]:
    """Return the candidates of a step: the specialist's ladder, then its stand-ins.

    Raises:
        UnknownModel: The caller asked for a model that the catalogue doesn't hold.
    """
    resources = services.resources()
    backends = [b for b in services.registry.backends.values() if b.missing(services.settings) is None]
    found: list[Candidate] = []
    for model, own in _models(services, specialist, request):
        thinking = _thinks(services, request, classification, model)
        found.extend(
            _candidate(services, specialist.task, model, backend, offer, thinking, own)
            for backend in backends
            for offer in backend.offers(model, services.settings, resources)
        )
    return _as_the_pool_stands(services.pool, found)


def missing_backends(services: Services) -> str:
    """Say in one line which backends can't be used here, and why."""
    reasons = (backend.missing(services.settings) for backend in services.registry.backends.values())
    return " ".join(reason for reason in reasons if reason)


def _as_the_pool_stands(pool: Pool, candidates: list[Candidate]) -> list[Candidate]:
    """Mark what is loaded, and reject what failed to load just now or can't be had beside the pinned models."""
    warm, cooling = pool.warm(), pool.cooling()
    marked = []
    for candidate in candidates:
        why = cooling.get(candidate.key)
        room = pool.room(candidate)
        if why is None and room is not None and candidate.memory_bytes > room:
            why = f"Needs {candidate.memory_bytes / _GIB:.1f} GiB; models may take {max(0, room) / _GIB:.1f} GiB here."
        if candidate.key in warm:
            marked.append(candidate.model_copy(update={"warm": True}))
        else:
            marked.append(candidate if why is None else candidate.model_copy(update={"rejected": why}))
    return marked


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
    seen: set[str] = set()
    for name in (*specialist.ladder, *specialist.stand_ins):
        if name not in seen:
            seen.add(name)
            model = services.catalogue.find(name)
            if needed <= set(model.modalities):
                yield model, name in specialist.ladder


def _thinks(services: Services, request: Request, classification: Classification, model: Model) -> bool:
    if model.thinking != "hybrid":
        return model.thinking == "only"
    answer = services.manager.hook.think(
        request=request, classification=classification, model=model, settings=services.settings
    )
    return bool(answer)


def _candidate(
    services: Services,
    task: str,
    model: Model,
    backend: Backend,
    offer: Offer,
    thinking: bool,
    own: bool,
) -> Candidate:
    context = min(services.settings.sizing.context, model.context)
    memory = backend.memory(model, offer, context, services.settings)
    where = None if offer.format == "served" else services.weights.available(model, offer)
    source, on_disk, download = ("", False, 0) if where is None else (where.source, where.on_disk, where.download_bytes)
    if offer.format == "served":
        source, on_disk, context = backend.name, True, model.context
    return Candidate(
        model=model.id,
        offer=offer,
        backend=backend.name,
        thinking=thinking,
        memory_bytes=memory.total,
        memory=memory,
        tokens_per_second=expected_tokens_per_second(model, offer.precision, backend.name, offer.device),
        quality=expected_quality(model, task, thinking=thinking),
        context=context,
        source=source,
        on_disk=on_disk,
        download_bytes=download,
        own=own,
    )
