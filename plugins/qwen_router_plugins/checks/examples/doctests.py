"""Examples written as an interactive session."""

from __future__ import annotations

import ast
import re
import textwrap
from collections.abc import Iterator

from qwen_router_plugins.checks.examples.example import Example, Found, called
from qwen_router_plugins.checks.examples.literals import parse, value, value_end

_PROMPT = re.compile(r"^[ \t]*(?:>>>|In \[\d+\]:) ?(?P<code>.*)$")
_MORE = re.compile(r"^[ \t]*\.\.\.(?: (?P<code>.*))?$")
_OUT = re.compile(r"^[ \t]*Out\[\d+\]: ?")
_END = re.compile(r"^\s*(?:\"\"\"|'''|```|~~~)|(?:\"\"\"|''')\s*$")
_ERROR = re.compile(r"^[ \t]*(?:[a-z_]\w*\.)*(?P<name>[A-Z]\w*)(?::|\s*$)")


def doctests(text: str) -> Iterator[Found]:
    """Yield what sessions in `text` show; lines that show nothing are the setup of those after them."""
    setup: list[str] = []
    for code, shown in _steps(text.split("\n")):
        try:
            statements = ast.parse(code).body
        except (SyntaxError, ValueError):
            continue
        if len(statements) == 1 and isinstance(statements[0], ast.Expr):
            before = "\n".join(setup)
            example = _example(statements[0].value, shown, before)
            if example is not None:
                yield Found(example, called(example.call, before), _count(example.call), "test")
            # Without an object that it may change, an expression is no setup.
            if not setup or (example is not None and example.kind != "value"):
                continue
        elif shown.strip():
            continue
        setup.append(ast.unparse(ast.Module(statements, [])))


def _steps(lines: list[str]) -> Iterator[tuple[str, str]]:
    """Yield the code of each prompt and what is shown below it."""
    at = 0
    while at < len(lines):
        start = _PROMPT.match(lines[at])
        at += 1
        if not start:
            continue
        code = [start["code"]]
        while at < len(lines) and (more := _MORE.match(lines[at])):
            code.append(more["code"] or "")
            at += 1
        shown = []
        while at < len(lines) and lines[at].strip() and not _PROMPT.match(lines[at]) and not _END.search(lines[at]):
            shown.append(_OUT.sub("", lines[at]))
            at += 1
        yield textwrap.dedent("\n".join(code)).strip("\n"), textwrap.dedent("\n".join(shown)).rstrip()


def _example(call: ast.expr, shown: str, setup: str) -> Example | None:
    source = ast.unparse(call)
    if not called(source, setup):
        return None
    if shown.startswith("Traceback"):
        error = _ERROR.match(shown.split("\n")[-1])
        return Example(source, error["name"], "raises", setup) if error else None
    if not shown:
        return _compared(call, setup)
    prints = isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "print"
    if not prints and (expected := _shown_value(shown)) is not None:
        return Example(source, expected, "value", setup)
    if "..." in shown or re.search(r"0x[0-9a-f]{6}", shown):
        return None
    # A bracket or a quote that doesn't close is a slip, not something that is printed.
    if not prints and (shown[0] in "[({'\"" or parse(shown) is None):
        return None
    return Example(source, shown, "prints", setup)


def _compared(call: ast.expr, setup: str) -> Example | None:
    """Read `>>> f(1) == 2` with nothing below it."""
    if not isinstance(call, ast.Compare) or len(call.ops) != 1 or not isinstance(call.ops[0], ast.Eq | ast.Is):
        return None
    expected = value(ast.unparse(call.comparators[0]))
    return None if expected is None else Example(ast.unparse(call.left), expected, "value", setup)


def _shown_value(shown: str) -> str | None:
    """Return the value that a session shows, a comment after it left out."""
    end = value_end(shown, 0)
    if end is None or not re.match(r"\s*(?:#.*)?\Z", shown[end:]):
        return None
    return value(shown[:end])


def _count(source: str) -> int | None:
    node = parse(source)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in called(source):
        return len(node.args) + len(node.keywords)
    return None
