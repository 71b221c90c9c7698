"""What the nodes of one call share."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import InitVar, dataclass, field

from qwen_router.ordering import StepOrder
from qwen_router.request import Chunk
from qwen_router.restoring import Restoration
from qwen_router.services import Services
from qwen_router.types import Usage


@dataclass
class Call:
    """The router's parts, where this call's chunks go, and what it has used so far.

    Chunks go to the caller directly and not through LangGraph's stream: that would move every node to a thread of its
    own, which costs more than the node.

    Attributes:
        used: Tokens of every model call, also of those that were broken off.

    Args:
        write: Takes the caller's chunks.
    """

    services: Services
    write: InitVar[Callable[[Chunk], None]]
    restoration: Restoration = field(init=False)
    order: StepOrder = field(init=False)
    used: Usage = field(init=False, default_factory=Usage)

    def __post_init__(self, write: Callable[[Chunk], None]) -> None:
        self.restoration = Restoration(write)
        self.order = StepOrder(self.restoration.add)
        # Parallel steps run in threads of their own.
        self._lock = threading.Lock()

    def use(self, usage: Usage) -> None:
        """Count what a model took."""
        with self._lock:
            self.used += usage
