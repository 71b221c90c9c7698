"""A model's own chat template, rendered so that no text of a message can pass for a special token."""

from __future__ import annotations

import datetime
import json
import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn

from langchain_core.messages import BaseMessage

from qwen_router.errors import InputError, WeightsError
from qwen_router.parsing import CLOSE, OPEN
from qwen_router_plugins.backends.template_messages import template_message

if TYPE_CHECKING:
    from jinja2 import Environment

_FIRST_MARK, _LAST_MARK = 0xFDD0, 0x10FFFF
"""The first candidates are noncharacters, which no text should hold."""


class Segment(NamedTuple):
    """A piece of a prompt: the text of one special token, or plain text to be tokenised as such."""

    special: bool
    text: str


class ChatTemplate:
    """Renders messages into segments.

    A mark, a character that neither the messages nor the template hold, goes after every character of a message that
    could begin a special token, and before its first. So no special token in the rendered text can start in, end in or
    run across a message: those without a mark are the template's own. The marks are taken out afterwards.

    Args:
        source: The Jinja template, as in `tokenizer_config.json` or the GGUF key `tokenizer.chat_template`.
        specials: Texts of the tokenizer's special and added tokens.

    Raises:
        WeightsError: The template can't be compiled.
    """

    def __init__(self, source: str, specials: Iterable[str]) -> None:
        from jinja2 import TemplateError

        self._source = source
        self._specials = sorted({s for s in specials if s}, key=len, reverse=True)
        self._pattern = re.compile("|".join(map(re.escape, self._specials)) or r"(?!)")
        try:
            self._template = _environment().from_string(source)
        except TemplateError as error:
            raise WeightsError(
                f"The model's chat template is not valid: {error}.", "Fetch the model again with `qwen-router pull`."
            ) from error

    def segments(
        self,
        messages: Sequence[BaseMessage],
        *,
        thinking: bool = False,
        thought: str | None = None,
        tools: Sequence[dict[str, Any]] | None = None,
    ) -> list[Segment]:
        """Render a prompt that ends where the model's answer begins.

        Args:
            thinking: What a hybrid model's template gets as `enable_thinking`.
            thought: What the model has thought, to be followed by its answer.
            tools: Functions in OpenAI's form.

        Raises:
            InputError: A message holds something that the template can't take.
        """
        from jinja2 import TemplateError

        split_thoughts = CLOSE in self._specials
        plain = {
            "messages": [template_message(m, split_thoughts=split_thoughts) for m in messages],
            "tools": [dict(tool) for tool in tools] if tools else None,
        }
        mark = self._unused(json.dumps(plain, ensure_ascii=False, default=str))
        marker = _Marker(mark, {s[0] for s in self._specials})
        try:
            rendered = self._template.render(
                messages=[marker.message(m) for m in plain["messages"] or ()],
                tools=marker.value(plain["tools"]),
                documents=None,
                add_generation_prompt=True,
                enable_thinking=thinking,
            )
        except (TemplateError, TypeError, ValueError) as error:
            raise InputError(
                f"The model's chat template refuses these messages: {error}", "Check the order and roles of the turns."
            ) from error
        segments = list(self._split(rendered, mark))
        return segments if thought is None else self._closed(segments, thought)

    def _closed(self, segments: list[Segment], thought: str) -> list[Segment]:
        """Return a prompt with a thought at its end, in the form that Qwen3's template gives to thoughts."""
        if opens_thought(segments):
            # The line end behind the tag is written anew, so that the tokenizer sees it together with the thought.
            *before, last = segments
            rest = last.text.rstrip()
            segments = [*before, Segment(last.special, rest)] if rest else before
        else:
            segments = [*segments, Segment(OPEN in self._specials, OPEN)]
        return [
            *segments,
            Segment(False, f"\n{thought}\n"),
            Segment(CLOSE in self._specials, CLOSE),
            Segment(False, "\n\n"),
        ]

    def _unused(self, text: str) -> str:
        taken = set(text) | set(self._source)
        return next(chr(c) for c in range(_FIRST_MARK, _LAST_MARK) if chr(c) not in taken)

    def _split(self, rendered: str, mark: str) -> Iterable[Segment]:
        at = 0
        for match in self._pattern.finditer(rendered):
            if text := rendered[at : match.start()].replace(mark, ""):
                yield Segment(False, text)
            yield Segment(True, match[0])
            at = match.end()
        if text := rendered[at:].replace(mark, ""):
            yield Segment(False, text)


def opens_thought(segments: Sequence[Segment]) -> bool:
    """Say whether a prompt ends inside a thought, as those of thinking-only models do."""
    return "".join(s.text for s in segments[-3:]).rstrip().endswith(OPEN)


class _Marker:
    """Puts marks into what the caller wrote; keys and roles of the template's own dicts stay as they are."""

    def __init__(self, mark: str, firsts: set[str]) -> None:
        self._mark = mark
        self._table = str.maketrans({first: first + mark for first in firsts})

    def message(self, message: dict[str, Any]) -> dict[str, Any]:
        marked = {"role": message["role"]}
        for key in ("content", "reasoning_content"):
            if key in message:
                marked[key] = self._content(message[key])
        for key in ("name", "tool_call_id", "tool_calls"):
            if key in message:
                marked[key] = self.value(message[key])
        return marked

    def value(self, value: Any) -> Any:
        """Mark every string in a JSON value, keys included."""
        if isinstance(value, str):
            return value.translate(self._table)
        if isinstance(value, dict):
            return {self.value(k): self.value(v) for k, v in value.items()}
        if isinstance(value, list | tuple):
            return [self.value(v) for v in value]
        return value

    def _content(self, content: str | list[dict[str, Any]]) -> Any:
        if isinstance(content, str):
            return self._text(content)
        return [{**b, "text": self._text(b["text"])} if b["type"] == "text" else b for b in content]

    def _text(self, text: str) -> str:
        marked = text.translate(self._table)
        # Templates strip white space off a message's start: a mark before it would hide it from them.
        return self._mark + marked if marked and not marked[0].isspace() else marked


def _environment() -> Environment:
    """Return what transformers renders templates in (`transformers.utils.chat_template_utils`)."""
    from jinja2 import TemplateError, nodes
    from jinja2.ext import Extension, loopcontrols
    from jinja2.parser import Parser
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    class Generation(Extension):
        """Takes the tags that mark assistant turns for training as if they weren't there."""

        tags = {"generation"}

        def parse(self, parser: Parser) -> list[nodes.Node]:
            next(parser.stream)
            return parser.parse_statements(("name:endgeneration",), drop_needle=True)

    def tojson(value: Any, ensure_ascii: bool = False, indent: int | None = None, **options: Any) -> str:
        return json.dumps(value, ensure_ascii=ensure_ascii, indent=indent, **options)

    def raise_exception(message: str) -> NoReturn:
        raise TemplateError(message)

    def strftime_now(form: str) -> str:
        return datetime.datetime.now().strftime(form)

    environment = ImmutableSandboxedEnvironment(
        trim_blocks=True, lstrip_blocks=True, extensions=[Generation, loopcontrols]
    )
    environment.filters["tojson"] = tojson
    environment.globals.update(raise_exception=raise_exception, strftime_now=strftime_now)
    return environment
