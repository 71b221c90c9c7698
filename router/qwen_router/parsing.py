"""Reads what models write: thoughts, boxed answers, fenced code."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal

from qwen_router.types import CodeBlock

OPEN, CLOSE = "<think>", "</think>"
Piece = tuple[Literal["text", "thinking"], str]

_FENCE = re.compile(
    r"^(?P<fence>`{3,}|~{3,})[ \t]*(?P<info>[^\n`]*)\n(?P<body>.*?)(?:^(?P=fence)[`~]*[ \t]*$|\Z)", re.M | re.S
)


def split_thinking(text: str, *, opened: bool = False) -> tuple[str, str]:
    """Split a whole answer into (text, thinking).

    A closing tag without an opening one makes everything before it thinking: templates of thinking-only models open the
    thought in the prompt. An opening tag that is never closed makes the rest thinking.

    Args:
        opened: The prompt has already opened the thought.
    """
    splitter = ThinkingSplitter(opened=opened)
    pieces = [*splitter.feed(text), *splitter.close()]
    said = "".join(t for kind, t in pieces if kind == "text")
    thought = "".join(t for kind, t in pieces if kind == "thinking")
    if splitter.reopened is not None:
        thought, said = said[: splitter.reopened] + thought, said[splitter.reopened :]
    return said.strip(), thought.strip()


def without_thought(text: str, *, unopened: bool = False) -> str:
    """Return an earlier answer without the thought it begins with; text that only speaks of the tags stays as it is.

    Args:
        unopened: A closing tag without an opening one ends a thought, too.
    """
    if CLOSE in text and (unopened or text.lstrip().startswith(OPEN)):
        return split_thinking(text)[0]
    return text


class ThinkingSplitter:
    """Splits a stream into text and thinking, holding back only what may be half a tag.

    Attributes:
        thinking: Whether the text is inside a thought just now.
        tagged: Whether a tag has been met.
        reopened: Length of the text that turned out to be thinking, because a closing tag came without an opening one.
    """

    def __init__(self, *, opened: bool = False) -> None:
        self.thinking = self._opened = opened
        self.tagged = False
        self._held = ""
        self._said = 0
        self._seen_open = opened
        self.reopened: int | None = None

    def feed(self, text: str) -> Iterator[Piece]:
        """Yield what is certain after `text`."""
        self._held += text
        while True:
            if self._opened and self._held.lstrip().startswith(OPEN):
                # The prompt opened the thought, and the model opens it again.
                self._held, self._opened, self.tagged = self._held.lstrip()[len(OPEN) :], False, True
            tags = (CLOSE,) if self.thinking else (OPEN, CLOSE)
            found = [(at, tag) for tag in tags if (at := self._held.find(tag)) >= 0]
            if not found:
                break
            at, tag = min(found)
            yield from self._emit(self._held[:at])
            self._held, self.tagged = self._held[at + len(tag) :], True
            if tag == OPEN and not self._seen_open:
                self.thinking = self._seen_open = True
            elif tag == CLOSE and self.thinking:
                self.thinking = False
            elif tag == CLOSE and not self._seen_open:
                self._seen_open, self.reopened = True, self._said
            else:
                # A tag in the middle of an answer is the answer's own text.
                yield from self._emit(tag)
        if self._opened and OPEN.startswith(self._held.lstrip()):
            return
        keep = _half_tag(self._held, tags)
        yield from self._emit(self._held[: len(self._held) - keep])
        self._held = self._held[len(self._held) - keep :]

    def close(self) -> Iterator[Piece]:
        """Yield what was held back."""
        held, self._held = self._held, ""
        yield from self._emit(held)

    def _emit(self, text: str) -> Iterator[Piece]:
        if not text:
            return
        self._opened = False
        if self.thinking:
            yield "thinking", text
        else:
            self._said += len(text)
            yield "text", text


def _half_tag(text: str, tags: tuple[str, ...]) -> int:
    """Return how many characters at the end of `text` may be the start of a tag."""
    return max(
        (n for tag in tags for n in range(1, len(tag)) if text.endswith(tag[:n])),
        default=0,
    )


def boxed(text: str) -> str | None:
    r"""Return the content of the last `\boxed{}`, braces balanced, or `None`."""
    at = text.rfind(r"\boxed{")
    if at < 0:
        return None
    start = at + len(r"\boxed{")
    depth = 1
    for i in range(start, len(text)):
        depth += (text[i] == "{") - (text[i] == "}")
        if depth == 0:
            return text[start:i].strip()
    return None


def code_blocks(text: str) -> tuple[CodeBlock, ...]:
    """Return the fenced blocks of Markdown text; a fence that never closes runs to the end."""
    return tuple(
        CodeBlock(language=(m["info"].split() or [""])[0].lower(), text=m["body"].rstrip("\n"))
        for m in _FENCE.finditer(text)
    )
