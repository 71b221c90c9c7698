"""Reads values that people write in prose: Python literals, with the spellings of other languages."""

from __future__ import annotations

import ast
import html
import re

_QUOTES = str.maketrans({"“": '"', "”": '"', "„": '"', "‘": "'", "’": "'", "−": "-", "\u00a0": " ", "\u2011": "-"})
_TAGS = re.compile(r"</?(?:strong|b|em|i|pre|code|p|br|li|ul|span)\b[^>\n]*>", re.I)
_BOLD = re.compile(r"\*\*(?=\S)([^*\n]{1,60}?)\*\*")
_ENTITIES = re.compile(r"&(?:quot|lt|gt|amp|nbsp|#39);")
_ODD_ESCAPE = re.compile(r"(?<!\\)(?:\\\\)*\\[^\\'\"abfnrtvxuUN0-7\n]")
_NUMBER = re.compile(r"(?:\d[\d_]*(?:\.\d+)?|\.\d+)(?:[eE][+-]?\d+)?j?(?!\w)")
_WORD = re.compile(r"(?:True|False|None|true|false|null|nil|TRUE|FALSE)(?!\w)")
_MADE = re.compile(r"(?:set|frozenset|tuple|list|dict|range|float|complex|bytes|bytearray)\(")
_WORDS: dict[str, object] = {
    "true": True, "false": False, "null": None, "nil": None, "TRUE": True, "FALSE": False, "none": None,
}  # fmt: skip
_MAKERS = frozenset({"set", "frozenset", "tuple", "list", "dict", "range", "float", "complex", "bytes", "bytearray"})
_LONGEST, _DEEPEST = 20_000, 40
_CLOSING = {"(": ")", "[": "]", "{": "}"}


def plain(text: str) -> str:
    """Return text without typographic quotes and the marks of HTML and bold type."""
    text = _TAGS.sub("", text.translate(_QUOTES))
    return _BOLD.sub(r"\1", _ENTITIES.sub(lambda m: html.unescape(m[0]), text))


def value(source: str) -> str | None:
    """Return a value in Python's spelling, or `None` for what is not one plain value."""
    node = parse(source)
    if node is None:
        return None
    try:
        node = _Spelling().visit(node)
    except ValueError:
        return None
    return ast.unparse(node)


def parse(source: str) -> ast.expr | None:
    """Parse one expression; `None` for what is none or has escapes that Python warns of."""
    source = source.strip()
    if not source or len(source) > _LONGEST or _ODD_ESCAPE.search(source):
        return None
    try:
        return ast.parse(source, mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def value_end(text: str, at: int) -> int | None:
    """Return where the value that starts at `at` ends, or `None` where none starts."""
    begin = at
    while at < len(text) and text[at] in "+-":
        at += 1
    if at - begin > 1 or at >= len(text):
        return None
    if text[at] in "'\"" and at == begin:
        return string_end(text, at)
    if text[at] in _CLOSING and at == begin:
        return bracket_end(text, at)
    if found := _NUMBER.match(text, at):
        return found.end()
    if found := _MADE.match(text, at):
        return bracket_end(text, found.end() - 1)
    found = _WORD.match(text, at)
    return found.end() if found else None


def string_end(text: str, at: int) -> int | None:
    """Return where the string that starts at `at` ends; one without triple quotes ends on its line."""
    mark = text[at] * 3 if text.startswith(text[at] * 3, at) else text[at]
    i = at + len(mark)
    while i < len(text):
        if text[i] == "\\":
            i += 2
        elif text.startswith(mark, i):
            return i + len(mark)
        elif text[i] == "\n" and len(mark) == 1:
            return None
        else:
            i += 1
    return None


def bracket_end(text: str, at: int) -> int | None:
    """Return where the bracket that opens at `at` has closed, strings and inner brackets skipped; `None` if never."""
    expected: list[str] = []
    i = at
    while i < len(text) and i - at < _LONGEST and len(expected) < _DEEPEST:
        char = text[i]
        if char in "'\"":
            end = string_end(text, i)
            if end is None:
                return None
            i = end
            continue
        if char in _CLOSING:
            expected.append(_CLOSING[char])
        elif char in ")]}":
            if not expected or expected.pop() != char:
                return None
            if not expected:
                return i + 1
        i += 1
    return None


class _Spelling(ast.NodeTransformer):
    """Spells constants as Python does. Raises `ValueError` for what is not a plain value."""

    def visit_Name(self, node: ast.Name) -> ast.AST:
        if node.id not in _WORDS:
            raise ValueError(node.id)
        return ast.Constant(_WORDS[node.id])  # type: ignore[arg-type]

    def visit_Call(self, node: ast.Call) -> ast.AST:
        if not isinstance(node.func, ast.Name) or node.func.id not in _MAKERS or node.keywords:
            raise ValueError("call")
        node.args = [self.visit(argument) for argument in node.args]
        return node

    def visit_UnaryOp(self, node: ast.UnaryOp) -> ast.AST:
        if not isinstance(node.op, ast.USub | ast.UAdd) or not _is_number(node.operand):
            raise ValueError("operator")
        return node

    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        if not isinstance(node.op, ast.Add | ast.Sub) or not _is_complex(node):
            raise ValueError("operator")
        return node

    def generic_visit(self, node: ast.AST) -> ast.AST:
        allowed = (ast.Constant, ast.List, ast.Tuple, ast.Set, ast.Dict, ast.expr_context)
        if not isinstance(node, allowed) or (isinstance(node, ast.Dict) and None in node.keys):
            raise ValueError(type(node).__name__)
        return super().generic_visit(node)


def _is_number(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, int | float | complex)


def _is_complex(node: ast.BinOp) -> bool:
    return isinstance(node.right, ast.Constant) and isinstance(node.right.value, complex) and _is_number(node.left)
