"""Examples written as a call and its value: `f(1) == 2`, `f(1) -> 2`, "f(1) should return 2"."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from qwen_router_plugins.checks.examples.example import Example, Found
from qwen_router_plugins.checks.examples.literals import bracket_end, parse, value
from qwen_router_plugins.checks.examples.sentences import doubtful, value_at

_CALL = re.compile(r"(?<![\w.])(?P<print>print\s*\(\s*)?(?P<name>[A-Za-z_]\w*)\s?\(")
_SIGN = r"={2,3}>|={2,3}|=>|-{1,2}>|[➞→⟶⇒⟹⇨➔➜↦▶⟾➡]|:=|="
_SAYS = (
    r"(?:will |would )?(?:returns?|gives?|outputs?|prints?|equals?|yields?|produces?|evaluates? to|results? in)"
    r"|is equal to|is|are"
)
_SHOULD = (
    r"(?:should|must|shall|ought to|needs to|is expected to|is supposed to)\s+(?:then\s+|also\s+)?"
    r"(?:return|give|be equal to|equal|be|output|produce|evaluate to|yield|result in)"
)
_COMMENT = rf"(?:\#|//)\s*(?:{_SHOULD}|{_SIGN}|(?:{_SAYS})\b|(?:expected|output|result|expected output)\b)?"
_BETWEEN = re.compile(
    rf"[`'\"*]?[ \t]*\n?[ \t]*"
    rf"(?:(?P<comment>{_COMMENT})|(?P<sign>{_SIGN})|(?P<should>{_SHOULD})\b|(?P<says>{_SAYS})\b)\s*:?"
)
_RAISES = re.compile(
    r"[`'\"*]?\s*(?:\#|//|=>|->|➞|→|==>)?\s*(?:should\s+|must\s+|will\s+)?(?:raises?|throws?)\s+(?:an?\s+)?`?"
    r"(?P<error>[A-Z]\w*(?:Error|Exception|Exit|Interrupt|Iteration))\b"
)


def calls(text: str, *, bare_strings: bool = False) -> Iterator[Found]:
    """Yield the calls in `text` whose value stands beside them.

    Args:
        bare_strings: Words without quotes among the arguments are strings.
    """
    for found in _CALL.finditer(text):
        end = bracket_end(text, found.end() - 1)
        if end is None:
            continue
        call = _call(text[found.start("name") : end], bare_strings)
        if call is None:
            continue
        if found["print"]:
            closed = re.compile(r"\s*\)").match(text, end)
            if not closed:
                continue
            end = closed.end()
        yield from _stated(text, found.start(), end, call)


def _stated(text: str, begin: int, end: int, call: ast.Call) -> Iterator[Found]:
    source, count = ast.unparse(call), len(call.args) + len(call.keywords)
    names = frozenset({ast.unparse(call.func)})
    if error := _RAISES.match(text, end):
        doubt = doubtful(text, begin, error.end(), meant=False)
        yield Found(Example(source, error["error"], "raises"), names, count, "should", doubt)
        return
    between = _BETWEEN.match(text, end)
    if not between or ("\n" in between[0] and not between["sign"]):
        return
    stated = value_at(text, between.end())
    if stated is None:
        return
    should = between["should"] or "should" in (between["comment"] or "")
    form = "should" if should else "equation" if between["sign"] == "=" else "stated"
    doubt = doubtful(text, begin, stated[1], meant=bool(should))
    yield Found(Example(source, stated[0]), names, count, form, doubt)  # type: ignore[arg-type]


def _call(source: str, bare_strings: bool) -> ast.Call | None:
    """Return a call whose arguments are plain values."""
    node = parse(source)
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
        return None
    if bare_strings:
        node.args = [ast.Constant(a.id) if isinstance(a, ast.Name) else a for a in node.args]
    for argument in (*node.args, *(k.value for k in node.keywords)):
        if value(ast.unparse(argument)) is None:
            return None
    node.args = [_plain(argument) for argument in node.args]
    for keyword in node.keywords:
        if keyword.arg is None:
            return None
        keyword.value = _plain(keyword.value)
    return node


def _plain(argument: ast.expr) -> ast.expr:
    parsed = parse(value(ast.unparse(argument)) or "")
    return argument if parsed is None else parsed
