"""The keywords of a call as llama.cpp's completions API takes them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from qwen_router.errors import InputError

_NAMES = {
    "temperature": "temperature",
    "top_p": "top_p",
    "top_k": "top_k",
    "min_p": "min_p",
    "presence_penalty": "presence_penalty",
    "repetition_penalty": "repeat_penalty",
    "max_tokens": "n_predict",
}
_RANDOM_SEED = 0xFFFFFFFF
"""llama.cpp draws a seed of its own when it is given this one (`LLAMA_DEFAULT_SEED`)."""
_THOUGHT = r"""thought[lazy]: /[\s\S]*<\/think>/
gap: "\n\n"
"""

Thought = Literal["none", "inside", "before"]
"""Whether an answer starts in an opened thought, with a thought, or at once."""


def completion_options(options: Mapping[str, Any], thought: Thought = "none") -> dict[str, Any]:
    """Return the fields for one call.

    Args:
        options: The keywords of `call_options`, and `tools` with `tool_choice`.
        thought: What comes before a constrained answer.

    Raises:
        InputError: The JSON schema is no object.
    """
    # What is unset shall not take llama.cpp's own defaults, which are tuned for other models.
    fields: dict[str, Any] = {"min_p": 0.0}
    fields |= {field: options[name] for name, field in _NAMES.items() if options.get(name) is not None}
    if options.get("seed") is not None:
        # Reusing a cached prompt rounds differently: the same seed would give another answer.
        fields |= {"seed": int(options["seed"]) % _RANDOM_SEED, "cache_prompt": False}
    if options.get("stop"):
        fields["stop"] = list(options["stop"])
    if (schema := options.get("json_schema")) is not None:
        if not isinstance(schema, dict):
            raise InputError(f"A JSON schema must be an object, not {type(schema).__name__}.", "Give it as a dict.")
        fields["grammar"] = _grammar(f"%json {_json(schema)}", thought)
    elif called := _forced(options.get("tools") or (), options.get("tool_choice")):
        schemas = {"anyOf": [_call_schema(tool["function"]) for tool in called]}
        fields["grammar"] = _grammar(f'"<tool_call>\\n" call "\\n</tool_call>"\ncall: %json {_json(schemas)}', thought)
    return fields


def _grammar(answer: str, thought: Thought) -> str:
    """Return a grammar in llguidance's Lark form: https://github.com/guidance-ai/llguidance/blob/main/docs/syntax.md."""
    start = {"none": "answer", "inside": "thought gap answer", "before": '"<think>" thought gap answer'}[thought]
    rules = "" if thought == "none" else _THOUGHT
    return f"%llguidance {{}}\nstart: {start}\n{rules}answer: {answer}\n"


def _forced(tools: Sequence[dict[str, Any]], choice: Any) -> Sequence[dict[str, Any]]:
    """Return the tools of which the model has to call one; none when it may answer in words."""
    if choice in (None, "auto", "none", False):
        return ()
    if choice in ("any", "required", True):
        return tools
    name = choice["function"]["name"] if isinstance(choice, dict) else choice
    named = [tool for tool in tools if tool["function"]["name"] == name]
    if not named:
        known = ", ".join(tool["function"]["name"] for tool in tools)
        raise InputError(f"The tool choice {name!r} is none of the tools.", f"Choose among {known}.")
    return named


def _call_schema(function: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {
            "name": {"const": function["name"]},
            "arguments": function.get("parameters") or {"type": "object"},
        },
        "required": ["name", "arguments"],
        "additionalProperties": False,
    }


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
