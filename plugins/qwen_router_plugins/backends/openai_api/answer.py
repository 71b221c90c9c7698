"""One answer as it arrives."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from langchain_core.messages import AIMessageChunk
from langchain_core.outputs import ChatGenerationChunk

from qwen_router_plugins.backends.special_tokens import mend

_FINISH_REASONS = {
    "length": "length",
    "max_tokens": "length",
    "tool_calls": "tool_calls",
    "function_call": "tool_calls",
}
"""Every other reason is `stop`."""
_BROKEN_OFF = ("abort", "error")


class Answer:
    """Counts what arrives and keeps back the end.

    Servers say the finish reason and the usage in two chunks; they leave here as one, the last.

    Attributes:
        tokens: Chunks with text or thinking: one token each, on most servers.
        passed_on: Whether the caller has got anything.
    """

    def __init__(self) -> None:
        self.tokens = 0
        self.passed_on = False
        self._end: ChatGenerationChunk | None = None

    @property
    def finished(self) -> bool:
        """Whether the server has said why it ended."""
        return self._end is not None

    def take(self, chunk: ChatGenerationChunk) -> ChatGenerationChunk | None:
        """Return what to pass on now; `None` for an empty chunk and for the end."""
        message = chunk.message
        said = bool(message.content or message.additional_kwargs or getattr(message, "tool_call_chunks", None))
        self.tokens += said
        if self._end is not None:
            self._end = self._end + chunk
            return None
        info = chunk.generation_info or {}
        reason = info.get("finish_reason")
        if reason and reason not in _BROKEN_OFF:
            info["finish_reason"] = _FINISH_REASONS.get(reason, "stop")
            self._end = chunk
            return None
        if not said and not getattr(message, "usage_metadata", None):
            # The first chunk only names the role; passing it on would rule out another try.
            return None
        self.passed_on = True
        return chunk

    def end(self) -> ChatGenerationChunk:
        """Return the last chunk; an empty one if the answer was stopped before it."""
        self.passed_on = True
        return self._end or ChatGenerationChunk(message=AIMessageChunk(content=""))


def mended(chunk: Mapping[str, Any]) -> tuple[dict[str, Any], str]:
    """Return a chunk of the stream as the model meant it, and its thinking.

    vLLM, SGLang, llama-server and DashScope put thinking into `reasoning_content`; Ollama and newer vLLM into
    `reasoning`.
    """
    inner = chunk.get("chunk")
    at = "choices" if chunk.get("choices") or not inner else "chunk"
    choices = (chunk.get("choices") if at == "choices" else inner.get("choices")) or []  # type: ignore[union-attr]
    if not choices or not isinstance(delta := choices[0].get("delta"), Mapping):
        return {**chunk, "choices": choices} if at == "choices" else dict(chunk), ""
    thought = mend(str(delta.get("reasoning_content") or delta.get("reasoning") or ""))
    clean = {**delta, "content": mend(delta["content"]) if isinstance(delta.get("content"), str) else ""}
    if calls := delta.get("tool_calls"):
        clean["tool_calls"] = [_mended_call(call) for call in calls]
    fixed = [{**choices[0], "delta": clean}, *choices[1:]]
    if at == "choices":
        return {**chunk, "choices": fixed}, thought
    return {**chunk, "chunk": {**inner, "choices": fixed}}, thought  # type: ignore[dict-item]


def _mended_call(call: Mapping[str, Any]) -> dict[str, Any]:
    function = dict(call.get("function") or {})
    if isinstance(function.get("arguments"), str):
        function["arguments"] = mend(function["arguments"])
    return {**call, "function": function}
