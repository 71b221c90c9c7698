"""Lists every way to run a step on this machine, with the facts a sizing policy needs."""

from __future__ import annotations

from collections.abc import Iterator

from qwen_router.backend import Backend
from qwen_router.catalog import Catalogue, Model, expected_quality, expected_tokens_per_second
from qwen_router.errors import InputError
from qwen_router.request import Request
from qwen_router.services import Services
from qwen_router.specialist import Specialist
from qwen_router.types import Candidate, Classification, Offer


def list_candidates(
    services: Services, specialist: Specialist, request: Request, classification: Classification
) -> list[Candidate]:
    """Return the candidates of a step: the specialist's own models, then its stand-ins.

    Raises:
        UnknownModel: The caller asked for a model that the catalogue doesn't hold.
    """
    resources = services.resources()
    warm = services.pool.warm()
    backends = [b for b in services.registry.backends.values() if b.missing(services.settings) is None]
    found: list[Candidate] = []
    for model, own in _models(services, specialist, request):
        thinking = _thinks(services, request, classification, model)
        found.extend(
            _candidate(services, specialist.task, model, backend, offer, thinking, own)
            for backend in backends
            for offer in backend.offers(model, services.settings, resources)
        )
    return [c.model_copy(update={"warm": True}) if c.key in warm else c for c in found]


def serving(catalogue: Catalogue, specialist: Specialist) -> Iterator[tuple[Model, bool]]:
    """Yield each model that may serve a specialist's task, once, and whether it is one of its own.

    Its own are its ladder and what the catalogue's rows assign to the task; stand-ins come last.
    """
    own = [*map(catalogue.find, specialist.ladder), *catalogue.for_task(specialist.task)]
    found = {model.id: (model, True) for model in own}
    for model in map(catalogue.find, specialist.stand_ins):
        found.setdefault(model.id, (model, False))
    yield from found.values()


def missing_backends(services: Services) -> str:
    """Say in one line which backends can't be used here, and why."""
    reasons = (backend.missing(services.settings) for backend in services.registry.backends.values())
    return " ".join(reason for reason in reasons if reason)


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
    for model, own in serving(services.catalogue, specialist):
        if needed <= set(model.modalities):
            yield model, own


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
