"""What models take of the disk, and how to take it back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from qwen_router.backend import Stored
from qwen_router.catalog import Model
from qwen_router.errors import WeightsError
from qwen_router.inventory import published
from qwen_router.services import Services
from qwen_router.value import Value


class Entry(Value):
    """What one weight source has of one form of a model.

    Attributes:
        precision: Of the files: `bf16` for safetensors, which serve every precision.
    """

    model: str
    precision: str
    source: str
    stored: Stored


class DiskUse(Value):
    """What lies on this machine. Sizes in bytes.

    Attributes:
        own_bytes: The part that the router itself put there, and can remove.
        disk_free: On the file system that holds the router's cache.
    """

    entries: tuple[Entry, ...]
    bytes: int
    own_bytes: int
    disk_free: int


def disk_use(services: Services, name: str | None = None, precision: str | None = None) -> DiskUse:
    """Return what lies on this machine of all models, or of one, from every weight source there is.

    Raises:
        UnknownModel: The catalogue doesn't hold the model.
        InputError: It isn't published at that precision.
    """
    models = services.catalogue.values() if name is None else [services.catalogue.find(name)]
    # Two rows of the catalogue may name one file.
    found: dict[Path, Entry] = {}
    for model in models:
        for entry in _entries(services, model, precision):
            found.setdefault(entry.stored.path, entry)
    return DiskUse(
        entries=tuple(found.values()),
        bytes=sum(entry.stored.bytes for entry in found.values()),
        own_bytes=sum(entry.stored.bytes for entry in found.values() if not entry.stored.keeper),
        disk_free=services.resources().disk_free,
    )


def remove(services: Services, name: str, precision: str | None = None) -> int:
    """Remove what the router itself put on the disk of a model, and return the bytes it took.

    Raises:
        UnknownModel: The catalogue doesn't hold the model.
        InputError: It isn't published at that precision.
        WeightsError: Something of it can't be removed; what can be has been.
    """
    model = services.catalogue.find(name)
    freed = 0
    fault: WeightsError | None = None
    for offer in published(model, precision):
        for source in services.registry.weight_sources.values():
            try:
                freed += source.remove(model, offer, services.settings)
            except WeightsError as error:
                fault = fault or error
    if fault:
        raise fault
    return freed


def _entries(services: Services, model: Model, precision: str | None) -> Iterator[Entry]:
    for offer in published(model, precision):
        for source in services.registry.weight_sources.values():
            for stored in source.stored(model, offer, services.settings):
                yield Entry(model=model.id, precision=offer.quant or offer.precision, source=source.name, stored=stored)
