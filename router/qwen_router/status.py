"""What a router is doing at one moment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from qwen_router.pool.slot import LoadedModel


@dataclass(frozen=True)
class Status:
    """What a router is doing at one moment.

    Attributes:
        calls: Calls that aren't over, those that wait for their turn included.
        waiting: Calls that wait for a model.
        loaded: The models that could answer at once.
        faults: How often each observer failed, by the plugin's name.
    """

    calls: int
    waiting: int
    loaded: tuple[LoadedModel, ...]
    faults: Mapping[str, int]
