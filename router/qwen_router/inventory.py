"""What models there are, what is here, and how to bring one here."""

from __future__ import annotations

from typing import Literal

from qwen_router.backend import ModelFiles, Progress
from qwen_router.candidates import serving
from qwen_router.catalog import Model
from qwen_router.errors import InputError, WeightsError
from qwen_router.services import Services
from qwen_router.types import Offer, Value


class Listing(Value):
    """One model of the catalogue, as it stands on this machine.

    Attributes:
        precisions: What could be loaded now.
        download_bytes: Size of the smallest fetch; 0 when nothing needs fetching or nobody knows.
    """

    model: str
    specialty: str
    parameters: int
    context: int
    thinking: str
    licence: str | None
    commercial_use: str
    where: Literal["on disk", "served", "can be fetched", "not to be had"]
    precisions: tuple[str, ...] = ()
    download_bytes: int = 0


def list_models(services: Services, task: str | None = None) -> list[Listing]:
    """Return the catalogue's models, or those that serve one task.

    Raises:
        UnknownTask: No specialist serves the task.
    """
    if task is None:
        return [_listing(services, model) for model in services.catalogue.values()]
    specialist = services.registry.specialist(task)
    return [_listing(services, model) for model, _ in serving(services.catalogue, specialist)]


def pull(services: Services, name: str, precision: str | None, progress: Progress) -> ModelFiles:
    """Fetch a model's files, or return them when they are here.

    Raises:
        UnknownModel: The catalogue doesn't hold it.
        InputError: It isn't published at that precision.
        WeightsError: Nobody has it, or the fetch failed.
    """
    model = services.catalogue.find(name)
    for offer in published(model, precision):
        if services.weights.available(model, offer) is not None:
            return services.weights.fetch(model, offer, progress)
    offline = services.settings.weights.offline
    raise WeightsError(
        f"{model.id} can't be had from the configured weight sources.",
        "weights.offline is set: unset it to ask the hubs." if offline else "Check weights.sources and the network.",
    )


def published(model: Model, precision: str | None = None) -> list[Offer]:
    """Return the forms a model is published in: small single files first, they run on any machine.

    Raises:
        InputError: There is none at that precision.
    """
    gguf = [Offer(precision=f.precision, format="gguf", quant=f.precision) for f in model.gguf]
    offers = [*gguf, Offer(precision="bf16", format="safetensors")]
    found = [offer for offer in offers if precision in (None, offer.precision)]
    if not found:
        known = ", ".join(dict.fromkeys(offer.precision for offer in offers))
        raise InputError(f"{model.id} is not published at {precision}.", f"Known: {known}.")
    return found


def _listing(services: Services, model: Model) -> Listing:
    found = [(offer, services.weights.available(model, offer)) for offer in published(model)]
    here = tuple(offer.precision for offer, where in found if where is not None and where.on_disk)
    sizes = [where.download_bytes for _, where in found if where is not None]
    served = _is_served(services, model)
    return Listing(
        model=model.id,
        specialty=model.specialty,
        parameters=model.parameters,
        context=model.context,
        thinking=model.thinking,
        licence=model.licence,
        commercial_use=model.commercial_use,
        where="on disk" if here else "served" if served else "can be fetched" if sizes else "not to be had",
        precisions=here or (("served",) if served else ()),
        download_bytes=0 if here or served else min(sizes, default=0),
    )


def _is_served(services: Services, model: Model) -> bool:
    resources = services.resources()
    return any(
        offer.format == "served"
        for backend in services.registry.backends.values()
        if backend.missing(services.settings) is None
        for offer in backend.offers(model, services.settings, resources)
    )
