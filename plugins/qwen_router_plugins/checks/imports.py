"""Finds modules that Python code imports and that don't exist here."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from importlib.util import find_spec


def missing_modules(code: str, prompt: str = "") -> list[str]:
    """Return the imported top-level modules that are neither of the standard library nor installed, nor in the prompt.

    Nothing is imported to find out. An import that the code itself guards with `try` is no mistake.

    Raises:
        SyntaxError: The code doesn't parse.
    """
    missing = []
    for name in dict.fromkeys(_imported(ast.parse(code))):
        if name in sys.stdlib_module_names or re.search(rf"(?<!\w){re.escape(name)}(?!\w)", prompt, re.I):
            continue
        if not _installed(name):
            missing.append(name)
    return missing


def _imported(node: ast.AST) -> Iterator[str]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Try):
            continue
        if isinstance(child, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in child.names)
        elif isinstance(child, ast.ImportFrom) and not child.level and child.module:
            yield child.module.partition(".")[0]
        yield from _imported(child)


def _installed(name: str) -> bool:
    try:
        return find_spec(name) is not None
    except (ImportError, ValueError):
        return False
