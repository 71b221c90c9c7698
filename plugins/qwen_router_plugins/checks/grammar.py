"""Parses code of other languages, with tree-sitter's grammars where they are installed."""

from __future__ import annotations

import importlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from qwen_router_plugins.checks.languages import canonical

if TYPE_CHECKING:
    from tree_sitter import Language, Node

# language: (module, function). Bash and CSS are left out, as their grammars reject good code: 6 of 92 scripts and 16 of
# 150 style sheets of a Debian system. SQL has no grammar of all its dialects.
_GRAMMARS = {
    "javascript": ("tree_sitter_javascript", "language"),
    "typescript": ("tree_sitter_typescript", "language_typescript"),
    "tsx": ("tree_sitter_typescript", "language_tsx"),
    "java": ("tree_sitter_java", "language"),
    "c": ("tree_sitter_c", "language"),
    "cpp": ("tree_sitter_cpp", "language"),
    "go": ("tree_sitter_go", "language"),
    "rust": ("tree_sitter_rust", "language"),
    "csharp": ("tree_sitter_c_sharp", "language"),
    "ruby": ("tree_sitter_ruby", "language"),
    "php": ("tree_sitter_php", "language_php"),
    "html": ("tree_sitter_html", "language"),
}
# A line that says "and so on" is no code, and the writer knows it.
_LEFT_OUT = re.compile(r"^\s*(?:\.\.\.|…)\s*[;,]?\s*$|<!--\s*\.\.\.|\{\s*\.\.\.\s*\}", re.M)
# Macros and templates are unknown until they are expanded: no grammar can judge what they stand for.
_MACROS = re.compile(
    r"^\s*#\s*(?:if|ifdef|ifndef|elif|else|pragma|define\s+\w+\()|^\s*#\s*include\s*\"|\[\[|\b__\w+"
    r"|\b[A-Z][A-Z\d_]{2,}\b(?=\s*\(|\s+[\w*{])",
    re.M,
)
_TEMPLATES = re.compile(r"\{%|\{\{|<%|<\?(?!php|=)")
_BEYOND = {"c": _MACROS, "cpp": _MACROS, "html": _TEMPLATES, "rust": re.compile(r"\bmacro_rules!|\btry!")}
_LONGEST = 200_000


@dataclass(frozen=True)
class Fault:
    """Where code stops making sense.

    Attributes:
        line: The line, counted from 1.
        what: What is wrong there, in a few words.
    """

    line: int
    what: str


def judges(language: str) -> bool:
    """Return whether `first_fault` can say anything about a language here."""
    name = canonical(language)
    return name == "json" or _language(_grammar(language, name)) is not None


def first_fault(code: str, language: str) -> Fault | None:
    """Return the first syntax error of code, or `None` when there is none, or when nothing can be said.

    Code that leaves parts out with an ellipsis is not judged, nor a language without an installed grammar.
    """
    name = canonical(language)
    if len(code) > _LONGEST or _LEFT_OUT.search(code):
        return None
    if name == "json":
        return _json_fault(code)
    grammar = _language(_grammar(language, name))
    if grammar is None or (name in _BEYOND and _BEYOND[name].search(code)):
        return None
    if name == "php" and "<?" not in code:
        code = f"<?php {code}"
    from tree_sitter import Parser

    # A parser keeps state: each call has its own, as any thread may call.
    root = Parser(grammar).parse(code.encode("utf-8", "replace")).root_node
    if not root.has_error:
        return None
    node = next(_faults(root))
    line = node.start_point[0] + 1
    if node.is_missing:
        return Fault(line, f"`{node.type}` is missing")
    text = (node.text or b"").decode("utf-8", "replace").strip().split("\n")[0]
    return Fault(line, f"`{text[:60]}` is not {name}")


def _grammar(language: str, name: str) -> str:
    return "tsx" if language.strip().lower() == "tsx" else name


@cache
def _language(name: str) -> Language | None:
    """Return a grammar, or `None` when it is unknown or not installed."""
    if name not in _GRAMMARS:
        return None
    module, function = _GRAMMARS[name]
    try:
        from tree_sitter import Language

        return Language(getattr(importlib.import_module(module), function)())
    except (ImportError, AttributeError, ValueError):
        return None


def _faults(node: Node) -> Iterator[Node]:
    """Yield the nodes in error, in the order of the text."""
    if node.is_error or node.is_missing:
        yield node
    elif node.has_error:
        for child in node.children:
            yield from _faults(child)


def _json_fault(code: str) -> Fault | None:
    # Comments and several documents are common in examples of JSON and are meant.
    if re.search(r"^\s*(?://|/\*|#)|[,{\[]\s*//", code, re.M):
        return None
    try:
        json.loads(code)
    except json.JSONDecodeError as error:
        return None if error.msg == "Extra data" else Fault(error.lineno, error.msg)
    except RecursionError:
        return None
    return None
