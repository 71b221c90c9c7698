"""What the nodes of one call share."""

from __future__ import annotations

from dataclasses import dataclass

from qwen_router.ordering import StepOrder
from qwen_router.services import Services


@dataclass(frozen=True)
class Call:
    """The router's parts, and where this call's chunks go.

    Chunks go to the caller directly and not through LangGraph's stream: that would move every node to a thread of its
    own, which costs more than the node.
    """

    services: Services
    order: StepOrder
