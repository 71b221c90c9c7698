"""The catalogue as it stands on a machine: what fits, how it would run, and why the rest doesn't."""

from __future__ import annotations

from typing import Literal

from qwen_router import deciding
from qwen_router.candidates import list_candidates
from qwen_router.catalog import Model
from qwen_router.choice import Candidate
from qwen_router.errors import NoModelFits
from qwen_router.inventory import published
from qwen_router.request import Hints, Request
from qwen_router.resources import Device, Resources
from qwen_router.services import Services
from qwen_router.serving import serving
from qwen_router.types import Classification, Task
from qwen_router.value import Value

Where = Literal["loaded", "on disk", "served", "can be fetched", "not to be had"]


class Listing(Value):
    """One model of the catalogue, as it stands on a machine.

    Attributes:
        task: What it was judged for; empty when no specialist would choose it.
        precisions: What is on disk.
        download_bytes: Size of the smallest fetch; 0 when nothing needs fetching or nobody knows.
        best: How a hard request would run it, its files taken as given; `None` when it doesn't fit.
        why_not: What stands in its way then.
    """

    model: str
    task: Task
    specialty: str
    parameters: int
    context: int
    thinking: str
    licence: str | None
    commercial_use: str
    where: Where
    precisions: tuple[str, ...] = ()
    download_bytes: int = 0
    best: Candidate | None = None
    why_not: str = ""


def list_models(services: Services, task: Task | None = None, *, resources: Resources | None = None) -> list[Listing]:
    """Return the catalogue's models, or those that serve one task.

    Args:
        resources: The machine to judge for; `None` for this one.

    Raises:
        UnknownTask: No specialist serves the task.
    """
    homes = _homes(services)
    if task is None:
        return [_listing(services, model, homes.get(model.id, ""), resources) for model in services.catalogue.values()]
    found = serving(services.catalogue, services.registry.specialist(task))
    return [_listing(services, model, task, resources) for model, _ in found]


def imagine(here: Resources, *, ram: int | None = None, vram: int | None = None) -> Resources:
    """Return a machine like this one, all of whose memory is free, with other amounts of it where they are given.

    Args:
        ram: Bytes of RAM.
        vram: Bytes of one accelerator; 0 for none.
    """
    changed: dict[str, object] = {}
    if ram is not None:
        changed |= {"ram_total": ram, "ram_free": ram}
    if vram is not None:
        like = here.accelerator or Device(kind="cuda", name="imagined", total=0, free=0)
        changed["devices"] = (like.model_copy(update={"total": vram, "free": vram}),) if vram else ()
    return here.model_copy(update=changed)


def _homes(services: Services) -> dict[str, Task]:
    """Return the task for which each model is chosen, that of its specialty before others."""
    homes: dict[str, Task] = {}
    for task, specialist in services.registry.specialists.items():
        for model, own in serving(services.catalogue, specialist):
            if own and (model.specialty == task or model.id not in homes):
                homes[model.id] = task
    known = services.registry.specialists
    kin = {m.id: m.specialty for m in services.catalogue.values() if m.specialty in known and "text" in m.modalities}
    return kin | homes


def _listing(services: Services, model: Model, task: Task, resources: Resources | None) -> Listing:
    found = [(offer, services.weights.available(model, offer)) for offer in published(model)]
    here = tuple(offer.precision for offer, where in found if where is not None and where.on_disk)
    sizes = [where.download_bytes for _, where in found if where is not None]
    ways = _ways(services, model, task, resources) if task else []
    best, why_not = _best(services, ways, resources) if ways else (None, _no_way(task))
    if any(c.offer.format == "served" for c in ways):
        where: Where = "served"
    elif any(c.warm for c in ways):
        where = "loaded"
    else:
        where = "on disk" if here else "can be fetched" if sizes else "not to be had"
    return Listing(
        model=model.id,
        task=task,
        specialty=model.specialty,
        parameters=model.parameters,
        context=model.context,
        thinking=model.thinking,
        licence=model.licence,
        commercial_use=model.commercial_use,
        where=where,
        precisions=here,
        download_bytes=min(sizes, default=0) if where == "can be fetched" else 0,
        best=best,
        why_not=why_not,
    )


def _ways(services: Services, model: Model, task: Task, resources: Resources | None) -> list[Candidate]:
    """Return every way to run a model, as if its files were here."""
    request = Request.of("?", hints=Hints(model=model.id))
    found = list_candidates(services, services.registry.specialist(task), request, _hard(task), resources=resources)
    return [c.model_copy(update={"source": c.source or "imagined", "on_disk": True}) for c in found]


def _best(services: Services, ways: list[Candidate], resources: Resources | None) -> tuple[Candidate | None, str]:
    request = Request.of("?")
    try:
        return deciding.size(services, ways, _hard("general"), request, resources=resources).winner, ""
    except NoModelFits as error:
        nearest = min(error.candidates, key=lambda c: c.memory_bytes, default=None)
        return None, (nearest.rejected if nearest else None) or error.what


def _no_way(task: Task) -> str:
    return "No backend here runs its architecture." if task else "No specialist chooses it."


def _hard(task: Task) -> Classification:
    return Classification(scores={task: 1.0}, task=task, difficulty=1.0)
