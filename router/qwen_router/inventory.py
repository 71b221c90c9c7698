"""Brings a model's files here."""

from __future__ import annotations

from qwen_router.backend import ModelFiles, Progress
from qwen_router.catalog import Model
from qwen_router.choice import Offer
from qwen_router.errors import InputError, WeightsError
from qwen_router.services import Services


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
