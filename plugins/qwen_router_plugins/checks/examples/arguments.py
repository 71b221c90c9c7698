"""Reads arguments that stand outside a call: `nums = [1, 2], k = 3`, or the values alone."""

from __future__ import annotations

import ast
import re

from qwen_router_plugins.checks.examples.literals import parse, value, value_end
from qwen_router_plugins.checks.examples.signature import Signature

_NAME = re.compile(
    r"[\s`*]*(?:-\s+)?(?:(?:a|the|an)\s+(?=[A-Za-z_`*]))?[`*]*(?P<name>[A-Za-z_]\w*)[`*]*\s*(?:=|:|is\s)\s*`?"
)
_NEXT = re.compile(r"`?[ \t]*(?:,[ \t]*(?:and[ \t]+)?|;[ \t]*|and[ \t]+|\n[ \t]*)(?=[`*\-A-Za-z_])")

Arguments = dict[str, str] | list[str]


def named(text: str, at: int) -> tuple[dict[str, str], int] | None:
    """Read `a = 1, b = 2` from `at` on; return the values by name and where they end, or `None`."""
    values: dict[str, str] = {}
    end = at
    while name := _NAME.match(text, at):
        stop = value_end(text, name.end())
        source = value(text[name.end() : stop]) if stop else None
        if stop is None or source is None or name["name"] in values:
            break
        values[name["name"]], end = source, stop
        following = _NEXT.match(text, stop)
        if not following:
            break
        at = following.end()
    return (values, end) if values else None


def listed(text: str) -> list[str] | None:
    """Read `1, [2]` as the values of so many arguments, or `None`."""
    node = parse(f"({text.strip().strip('`')},)")
    if not isinstance(node, ast.Tuple):
        return None
    values = [value(ast.unparse(element)) for element in node.elts]
    plain = [v for v in values if v is not None]
    return plain if len(plain) == len(values) else None


def whole(text: str) -> Arguments | None:
    """Read text that holds arguments and nothing else."""
    text = text.strip().strip("`").strip()
    if (found := named(text, 0)) is not None:
        rest = re.sub(r"#[^\n]*", "", text[found[1] :])
        return found[0] if not rest.strip("` \t\n.,;") else None
    return listed(text)


def bind(signature: Signature, arguments: Arguments) -> str | None:
    """Return the call of a function with these arguments, or `None` when they don't fit its parameters."""
    if not signature.plain or not signature.takes(len(arguments)):
        return None
    if isinstance(arguments, dict):
        parameters = signature.parameters
        if parameters is None or signature.many:
            return None
        if set(arguments) <= set(parameters):
            words = [f"{name}={arguments[name]}" for name in parameters if name in arguments]
            # By position where possible: an answer may rename its parameters.
            if list(arguments) == list(parameters[: len(arguments)]):
                words = list(arguments.values())
            return f"{signature.target}({', '.join(words)})"
        if len(arguments) != len(parameters) or set(arguments) & set(parameters) - {
            name for name, parameter in zip(arguments, parameters, strict=True) if name == parameter
        }:
            return None
        return f"{signature.target}({', '.join(arguments.values())})"
    if signature.parameters is None and len(arguments) != 1:
        return None
    return f"{signature.target}({', '.join(arguments)})"
