"""How much memory models may take on each kind of device."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from qwen_router.config import SizingSection
from qwen_router.errors import ConfigError
from qwen_router.resources import Resources

_GIB = 2**30


@dataclass(frozen=True)
class Budgets:
    """Bytes by device kind, fixed for a router's whole life: what its own models take must not shrink them."""

    bytes: Mapping[str, int]

    @classmethod
    def measure(cls, sizing: SizingSection, first: Resources) -> Budgets:
        """Return what the operator set, and a share of what is free now for the rest.

        `vram_budget` says nothing where there is no accelerator: one file may serve several machines.

        Args:
            first: The machine before a model was loaded.

        Raises:
            ConfigError: A budget is larger than the machine.
        """
        found = {"cpu": _budget("ram_budget", sizing, first.ram_total, first.ram_free)}
        for kind in {device.kind for device in first.devices}:
            device = max((d for d in first.devices if d.kind == kind), key=lambda d: d.free)
            found[kind] = _budget("vram_budget", sizing, device.total, device.free)
        return cls(found)

    def of(self, kind: str) -> int:
        """Return the bytes that all models on a device kind may take together."""
        return self.bytes.get(kind, 0)


def _budget(name: str, sizing: SizingSection, total: int, free: int) -> int:
    wanted: int | str = getattr(sizing, name)
    if isinstance(wanted, str):
        return int(sizing.memory_fraction * free)
    if wanted > total:
        raise ConfigError(
            f"sizing.{name} is {wanted / _GIB:.1f} GiB, but there are {total / _GIB:.1f} GiB here.",
            'Lower it, or set it to "auto".',
        )
    return wanted
