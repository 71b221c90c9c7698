"""Answers as Markdown that reads on a light and on a dark background."""

from __future__ import annotations

from markdown_it import MarkdownIt
from pygments.token import Comment, Error, Keyword, Literal, Name, Number, Operator, String
from rich.console import Console, ConsoleOptions, RenderResult
from rich.markdown import CodeBlock, Heading, Markdown
from rich.segment import Segment
from rich.style import Style
from rich.syntax import ANSISyntaxTheme, Syntax
from rich.theme import Theme

from qwen_router.repl.latex import with_readable_maths

# The terminal's own colours on its own background: whoever chose that background chose these to go with it.
THEME = Theme(
    {
        "markdown.code": "cyan",
        "markdown.code_block": "none",
        "markdown.block_quote": "italic",
        "markdown.h2": "bold underline",
        "markdown.h3": "bold",
        "markdown.h4": "italic",
        "markdown.link": "underline",
        "markdown.link_url": "underline",
        "markdown.table.header": "bold",
        "markdown.kbd": "bold",
    }
)
_CODE = ANSISyntaxTheme(
    {
        Comment: Style(dim=True, italic=True),
        Keyword: Style(color="magenta"),
        Operator.Word: Style(color="magenta"),
        Name.Builtin: Style(color="cyan"),
        Name.Function: Style(bold=True),
        Name.Class: Style(bold=True),
        Name.Decorator: Style(color="magenta"),
        Literal: Style(color="green"),
        String: Style(color="green"),
        Number: Style(color="cyan"),
        Error: Style(),
    }
)
_PARSER = MarkdownIt().enable("table").enable("strikethrough")


class _Code(CodeBlock):
    """A block of code, set in by two columns, without a background."""

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        code = str(self.text).rstrip()
        yield Syntax(code, self.lexer_name, theme=_CODE, word_wrap=True, padding=(0, 2), background_color="default")


class _Heading(Heading):
    """A heading on the left, where the eye looks for it."""

    LEVEL_ALIGN = {}


class _Answer(Markdown):
    """Markdown with our blocks of code and headings."""

    elements = {**Markdown.elements, "fence": _Code, "code_block": _Code, "heading_open": _Heading}


class Rendered:
    """An answer, or whole blocks of one: Markdown with readable formulas, without empty lines around it.

    Args:
        last: Show only so many lines of its end.
    """

    def __init__(self, text: str, *, last: int | None = None) -> None:
        self._markdown = _Answer(with_readable_maths(text), hyperlinks=False)
        self._last = last

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        lines = console.render_lines(self._markdown, options, pad=False)
        filled = [at for at, line in enumerate(lines) if any(segment.text.strip() for segment in line)]
        shown = lines[filled[0] : filled[-1] + 1] if filled else []
        for line in shown[-self._last :] if self._last else shown:
            yield from line
            yield Segment.line()


def split_settled(text: str) -> tuple[str, str]:
    """Split a text that grows into the blocks that are whole and the last one, which may go on."""
    starts = [token.map[0] for token in _PARSER.parse(text) if token.level == 0 and token.map and token.nesting >= 0]
    if len(starts) < 2:
        return "", text
    lines = text.splitlines(keepends=True)
    return "".join(lines[: starts[-1]]), "".join(lines[starts[-1] :])
