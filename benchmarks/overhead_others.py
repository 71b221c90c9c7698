"""What the router's overhead is held against: litellm's router, and LangGraph alone."""

from __future__ import annotations

import os
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, TypedDict

from langgraph.graph import END, START, StateGraph

_NODES = ("admit", "classify", "plan", "select", "generate", "verify", "compose", "release")
"""Those that an ordinary request passes."""


class _State(TypedDict, total=False):
    at: str


def bare_langgraph() -> Any:
    """Return a compiled graph of the same nodes, which do nothing."""
    graph = StateGraph(_State)
    for name in _NODES:
        graph.add_node(name, _nothing)
    for before, after in zip((START, *_NODES), (*_NODES, END), strict=True):
        graph.add_edge(before, after)
    return graph.compile()


def litellm_router(packages: Path | None, answer: str) -> Callable[[str], Awaitable[object]] | None:
    """Return a function that sends a text through `litellm.Router.acompletion` with a mock response.

    Args:
        packages: Where litellm is installed, if not with everything else.

    Returns:
        `None` where it isn't installed.
    """
    if packages is not None:
        # Behind our own packages: both then run on the same versions.
        sys.path.append(str(packages))
    # Otherwise it fetches a list of prices in the background.
    os.environ.setdefault("LITELLM_LOCAL_MODEL_COST_MAP", "True")
    try:
        import litellm
    except ImportError:
        return None
    model = {"model": "openai/mock", "api_key": "none", "mock_response": answer}
    router = litellm.Router(model_list=[{"model_name": "mock", "litellm_params": model}])

    async def ask(text: str) -> object:
        return await router.acompletion(model="mock", messages=[{"role": "user", "content": text}])

    return ask


def _nothing(state: _State) -> _State:
    return {"at": ""}
