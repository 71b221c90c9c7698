"""Tools that a model may call: how they are described, and what becomes of a call."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.utils.function_calling import convert_to_openai_tool

from qwen_router.errors import NoModelFits
from qwen_router.types import Check, Generation

if TYPE_CHECKING:
    from qwen_router.backend import Backend
    from qwen_router.catalog import Model

_CHOICES = {"auto": "auto", "none": "none", "required": "required", "any": "required"}


def describe(tools: Iterable[Any]) -> tuple[dict[str, Any], ...]:
    """Return functions, LangChain tools or pydantic models in OpenAI's form.

    Raises:
        ValueError: Something is no tool.
    """
    return tuple(convert_to_openai_tool(tool) for tool in tools)


def names(tools: Iterable[dict[str, Any]]) -> list[str]:
    """Return the names of described tools, in their order."""
    return [str(tool["function"]["name"]) for tool in tools]


def check_choice(tools: Sequence[dict[str, Any]], choice: str) -> None:
    """Check a tool choice.

    Raises:
        ValueError: It names none of the tools.
    """
    if choice not in _CHOICES and choice not in (known := names(tools)):
        raise ValueError(f"the tool choice {choice!r} is none of the tools ({', '.join(known) or 'there are none'})")


def openai_choice(choice: str) -> str | dict[str, Any]:
    """Return a tool choice in OpenAI's form."""
    return _CHOICES.get(choice) or {"type": "function", "function": {"name": choice}}


def size(tools: Sequence[dict[str, Any]], messages: Iterable[BaseMessage]) -> int:
    """Return the bytes that tools and the calls of a conversation take in a prompt, as JSON."""
    calls = [call["args"] for m in messages if isinstance(m, AIMessage) for call in m.tool_calls]
    return sum(len(json.dumps(part, ensure_ascii=False, default=str).encode()) for part in (*tools, *calls))


def fault(model: Model, backend: Backend) -> str | None:
    """Say in one line why a model can't call tools in a backend, or `None`."""
    return backend.tool_fault(model) if model.calls_tools else "It isn't made to call tools."


def check_models(models: Sequence[Model], backends: Sequence[Backend]) -> None:
    """Check that some model can call tools.

    Raises:
        NoModelFits: None can.
    """
    faults = {f"{model.name}: {why}" for model in models for b in backends if (why := fault(model, b))}
    if faults and len(faults) == len({(model.id, b.name) for model in models for b in backends}):
        one = min(faults)
        raise NoModelFits(f"No model for this task can call tools here. {one}", "Ask without tools, or for another.")


def check(tools: Sequence[dict[str, Any]], choice: str, generation: Generation) -> Check | None:
    """Judge an answer by its calls; `None` leaves it to the check of words.

    The arguments aren't looked at: the tool itself knows them better.
    """
    if not tools:
        return None
    known = names(tools)
    if invented := [call["name"] for call in generation.tool_calls if call["name"] not in known]:
        return Check(status="rejected", why=f"It called {invented[0]!r}, which is none of the tools.")
    if generation.tool_calls:
        return Check(status="abstained", why="It called a tool.")
    if choice not in ("auto", "none"):
        return Check(status="rejected", why="It called no tool, and had to.")
    return None
