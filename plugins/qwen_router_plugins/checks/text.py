"""Judges the form of an answer: there is one, it ends, doesn't loop, and is in the language and form asked for."""

from __future__ import annotations

import json
import re

from qwen_router import Check, Generation, Request, code_blocks
from qwen_router_plugins.checks.answer_language import unasked_natural_language
from qwen_router_plugins.checks.repetition import repetition

_ASKS_FOR_JSON = re.compile(
    r"\b(?:in|as|into|valid|only|return|output|give|respond with|reply with|answer with|en|als|au format) "
    r"(?:a |an |the |only |strictly |valid |just |un |one |single |compact |raw ){0,3}json\b(?! (?:schema|web|parser))"
    r"|json (?:format|object|array|only)\b|JSON\s*格式",
    re.IGNORECASE,
)


def judge_text(request: Request, generation: Generation) -> Check:
    """Judge any answer by its form; what it says is not judged, so a sound one is only not rejected."""
    text = generation.text
    if not text.strip():
        return Check(status="rejected", why="The model answered nothing.")
    if loop := repetition(text, request.text):
        return Check(status="rejected", why=f"The answer repeats itself {loop.times} times: {loop.unit[:40]!r}.")
    if generation.finish_reason == "length" and request.sampling.max_new_tokens is None:
        why = "The answer was cut at the token limit."
        return Check(status="rejected", why=why, feedback="Answer again, so briefly that you come to an end.")
    if generation.finish_reason == "length":
        return Check(status="abstained", why="The answer was cut at the limit that was asked for.")
    if request.json_schema is not None or _ASKS_FOR_JSON.search(request.text):
        return _judge_json(request, text)
    other = unasked_natural_language(request, text)
    if other is not None:
        why = f"The answer is in another language ({other}) than the request."
        return Check(status="rejected", why=why, feedback=_ask(request))
    return Check(status="abstained", why="Its form is sound; nothing tests what it says.")


def _ask(request: Request) -> str:
    if request.languages:
        return f"Answer in this language: {request.languages[0]}."
    return "Answer in the language of my request."


def _judge_json(request: Request, text: str) -> Check:
    blocks = [b.text for b in code_blocks(text) if b.language in ("json", "")]
    fault = "none in it"
    for candidate in [text] if request.json_schema is not None else [text, *blocks]:
        try:
            json.loads(candidate)
        except ValueError as error:
            fault = str(error)
            continue
        return Check(status="accepted", why="The answer is valid JSON.")
    if request.json_schema is None and _ASKS_FOR_JSON.search(request.text) and not re.search(r"[{\[]", text):
        return Check(status="abstained", why="The request speaks of JSON; the answer has none.")
    why = f"The answer is not the JSON that was asked for: {fault}."
    return Check(status="rejected", why=why, feedback=f"{why} Give valid JSON and nothing else.")
