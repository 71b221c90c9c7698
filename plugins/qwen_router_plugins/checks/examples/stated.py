"""Finds the examples that a request itself states."""

from __future__ import annotations

import ast
import builtins
import math
import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace

from qwen_router_plugins.checks.examples.assertions import assertions
from qwen_router_plugins.checks.examples.blocks import blocks
from qwen_router_plugins.checks.examples.calls import calls
from qwen_router_plugins.checks.examples.doctests import doctests
from qwen_router_plugins.checks.examples.example import Example, Found
from qwen_router_plugins.checks.examples.literals import plain
from qwen_router_plugins.checks.examples.signature import Signature, signature

_MOST = 32
# Characters. What is longer has code or text pasted in, and its examples are about that.
_LONGEST = 30_000
_ANY_ORDER = re.compile(
    r"\b(?:any|arbitrary) order\b|\border (?:does(?:n't| not)|is not|isn't|won't) (?:matter|important)", re.I
)
_IN_PLACE = re.compile(r"\bin[- ]?place\b", re.I)
_RANDOM = re.compile(
    r"\brandom (?:\w+ )?(?:numbers?|integers?|floats?|elements?|items?|choices?|words?|passwords?|strings?|sample)\b"
    r"|\brandomly (?:select|choose|pick|generate|shuffle|return)|\bshuffles?\b",
    re.I,
)
_MENDS = re.compile(
    r"\b(?:fix|debug|repair|correct|bugs?|buggy|wrong|incorrect(?:ly)?|fails?|failing|broken|mistakes?|errors?|"
    r"(?:does|is)(?:n't| not) work(?:ing)?|what(?:'s| is) (?:the problem|happening))\b",
    re.I,
)
_STRINGS = re.compile(r"\bstrings?\b", re.I)
_KNOWN = frozenset({*dir(builtins), *(name for name in dir(math) if not name.startswith("_"))})


def stated_examples(prompt: str, function: str | None = None) -> list[Example]:
    """Return the examples that a request states, in the order of the text, each certain to be meant.

    What is ambiguous is left out: a wrong example rejects a right answer. At most 32 are returned, and none
    of a text of more than 30,000 characters.

    Args:
        function: The function that the answer defines, for a request that names none.
    """
    if len(prompt) > _LONGEST:
        return []
    text = plain(prompt)
    wanted = signature(text) or (Signature(function) if function else None)
    if _RANDOM.search(text):
        return []
    found = [*doctests(text), *assertions(text), *_in_prose(text, wanted)]
    if wanted is not None:
        found = _of(wanted, found, text)
    else:
        found = [f for f in found if f.form != "equation" and not f.names <= _KNOWN]
    found = [f for f in found if _meant(f, text, wanted)]
    return _consistent(_without_equations(found))[:_MOST]


def _in_prose(text: str, wanted: Signature | None) -> list[Found]:
    stated = list(calls(text))
    if not stated and wanted is not None and _STRINGS.search(text):
        # Strings without quotes, when no argument of any example has them.
        stated = [f for f in calls(text, bare_strings=True) if f.form != "equation" and f.names == {wanted.name}]
        stated = stated if len(stated) > 1 else []
    return [*stated, *blocks(text, wanted)] if wanted is not None else stated


def _of(wanted: Signature, found: list[Found], text: str) -> list[Found]:
    """Keep what calls the wanted function; rename the calls when every one uses the same slip of a name."""
    own = [f for f in found if wanted.name in f.names or (wanted.owner and wanted.owner in f.names)]
    if not own and found and wanted.defined:
        names = set().union(*(f.names for f in found))
        if len(names) == 1 and not names & _KNOWN and not re.search(rf"\bdef {next(iter(names))}\b", text):
            own = [_renamed(f, wanted.name) for f in found if not f.example.setup]
    if wanted.owner:
        own = [_owned(f, wanted) for f in own]
    return [f for f in own if f.arguments is None or wanted.takes(f.arguments)]


def _renamed(found: Found, name: str) -> Found:
    call = ast.parse(found.example.call, mode="eval").body
    for node in ast.walk(call):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in found.names:
            node.func.id = name
    return replace(found, example=replace(found.example, call=ast.unparse(call)), names=frozenset({name}))


def _owned(found: Found, wanted: Signature) -> Found:
    """Call a method on a new object of its class."""
    if not found.example.call.startswith(f"{wanted.name}("):
        return found
    return replace(found, example=replace(found.example, call=f"{wanted.owner}().{found.example.call}"))


def _meant(found: Found, text: str, wanted: Signature | None) -> bool:
    if found.doubtful:
        return False
    if found.form == "test":
        return True
    if found.form != "should" and wanted is not None and wanted.whole and _MENDS.search(text):
        # A request to mend code says what the code does now.
        return False
    if found.example.kind == "value" and found.example.expected[0] in "[({" and _ANY_ORDER.search(text):
        return False
    return not _IN_PLACE.search(text)


def _without_equations(found: list[Found]) -> list[Found]:
    """Leave out equations that define something other than results: their values are not all of one shape."""
    shapes = {f.example.expected[0] in "[({" for f in found if f.form == "equation"}
    return [f for f in found if f.form != "equation"] if len(shapes) > 1 else found


def _consistent(found: Iterable[Found]) -> list[Example]:
    """Leave out repetitions, and every call that has two different values."""
    by_call: dict[tuple[str, str], dict[str, Example]] = defaultdict(dict)
    for f in found:
        call = ast.unparse(ast.parse(f.example.call))
        by_call[f.example.setup, call][f.example.expected] = f.example
    return [next(iter(stated.values())) for stated in by_call.values() if len(stated) == 1]
