"""The body of a request, as the server at hand wants it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from qwen_router.parsing import CLOSE, OPEN
from qwen_router_plugins.backends.openai_api.served import Kind
from qwen_router_plugins.backends.special_tokens import break_up, break_up_run

OPTIONS = ("top_k", "min_p", "repetition_penalty", "thinking", "thought", "json_schema")
"""Keywords of `call_options` that the OpenAI API itself doesn't know."""

_DISPENSABLE = (
    "stream_options",
    "top_k",
    "min_p",
    "repetition_penalty",
    "repeat_penalty",
    "chat_template_kwargs",
    "continue_final_message",
    "add_generation_prompt",
    "enable_thinking",
    "reasoning_effort",
)
_REFUSAL = re.compile(
    r"unknown|unrecogni[sz]ed|unexpected|unsupported|not supported|not permitted|not allowed|extra_forbidden|additional"
)


def extra_body(options: Mapping[str, Any], kind: Kind, *, hybrid: bool) -> dict[str, Any]:
    """Return the fields beyond the OpenAI API, in the words of the server.

    Args:
        options: Those of `OPTIONS` that are given.
        hybrid: Whether the model has a switch for thinking.
    """
    body = {key: options[key] for key in ("top_k", "min_p") if key in options}
    if "repetition_penalty" in options:
        body["repeat_penalty" if kind == "llama.cpp" else "repetition_penalty"] = options["repetition_penalty"]
    if hybrid and "thinking" in options:
        body |= _thinking(bool(options["thinking"]), kind)
    if (schema := options.get("json_schema")) is not None:
        name = re.sub(r"[^\w-]", "_", str(schema.get("title", "")), flags=re.ASCII)[:64] or "answer"
        # Here, not among the SDK's own arguments: for those it parses the answer, and fails when it is cut by length.
        body["response_format"] = {
            "type": "json_schema",
            "json_schema": {"name": name, "schema": schema, "strict": True},
        }
    return body


def _thinking(thinking: bool, kind: Kind) -> dict[str, Any]:
    if kind == "dashscope":
        return {"enable_thinking": thinking}
    if kind == "ollama":
        # It thinks unless told not to, and takes an effort only from gpt-oss.
        return {} if thinking else {"reasoning_effort": "none"}
    return {"chat_template_kwargs": {"enable_thinking": thinking}}


def going_on(thought: str, kind: Kind, *, opens_thought: bool) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the last message and the fields that make a server go on with the answer after a thought.

    vLLM renders the message and leaves its end open; SGLang and llama-server put it behind the template's generation
    prompt, and of these llama-server takes the thought apart; Ollama goes on from any last message of the assistant,
    and DashScope from a `partial` one, but only with its own thinking switched off.

    Args:
        opens_thought: Whether the template's generation prompt already opens the thought.
    """
    told = break_up(_clean(thought))
    message: dict[str, Any] = {"role": "assistant", "content": f"{OPEN}\n{told}\n{CLOSE}\n\n"}
    if kind == "llama.cpp":
        message |= {"content": "", "reasoning_content": told}
        return message, {"continue_final_message": "content", "add_generation_prompt": False}
    if kind == "sglang":
        if opens_thought:
            message["content"] = message["content"].removeprefix(f"{OPEN}\n")
        return message, {"continue_final_message": True}
    if kind == "dashscope":
        return message | {"partial": True}, {"enable_thinking": False}
    if kind == "ollama":
        return message, {}
    return message, {"continue_final_message": True, "add_generation_prompt": False}


def without(payload: dict[str, Any], refused: set[str]) -> dict[str, Any]:
    """Return a payload without the fields a server has refused."""
    body = {key: value for key, value in payload.get("extra_body", {}).items() if key not in refused}
    kept = {key: value for key, value in payload.items() if key not in refused and key != "extra_body"}
    return {**kept, "extra_body": body} if body else kept


def refused_fields(complaint: str, refused: set[str]) -> set[str]:
    """Return the fields that a server's complaint says it doesn't know and that the call can do without."""
    said = complaint.lower()
    if not _REFUSAL.search(said):
        return set()
    return {field for field in _DISPENSABLE if field not in refused and re.search(rf"\b{field}\b", said)}


def plain(value: Any) -> Any:
    """Return messages or tools with every text made plain: no special token in it, no half of a surrogate pair."""
    if isinstance(value, str):
        return break_up(_clean(value))
    if isinstance(value, Mapping):
        return {key: _arguments(item) if key == "arguments" else plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return _plain_list(list(value))
    return value


def _plain_list(items: list[Any]) -> list[Any]:
    """Break up what a template would join from neighbouring text blocks, too."""
    made: list[Any] = []
    run: list[dict[str, Any]] = []
    for item in [*items, None]:
        if isinstance(item, Mapping) and item.get("type") == "text" and isinstance(item.get("text"), str):
            run.append(dict(item))
            continue
        texts = break_up_run([_clean(block["text"]) for block in run])
        made += [{**block, "text": text} for block, text in zip(run, texts, strict=True)]
        run = []
        made.append(plain(item))
    return made[:-1]


def _arguments(value: Any) -> Any:
    """Servers decode a tool call's arguments, so an escape such as `\\u007c` must not hide a token."""
    if not isinstance(value, str):
        return plain(value)
    try:
        return json.dumps(plain(json.loads(value)), ensure_ascii=False)
    except ValueError:
        return plain(value)


def _clean(text: str) -> str:
    """Replace lone surrogates, which UTF-8 can't carry: they stand for bytes that were not text."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text
