"""The function that a request asks for."""

from __future__ import annotations

import ast
import keyword
import re
from dataclasses import dataclass

from qwen_router_plugins.checks.examples.literals import bracket_end

_DEF = re.compile(r"^(?P<indent>[ \t]*)(?:>>> )?(?:async\s+)?def\s+(?P<name>\w+)\s*\(", re.M)
_CLASS = re.compile(r"^(?P<indent>[ \t]*)class\s+(?P<name>\w+)", re.M)
_CALLED = re.compile(
    r"\b(?:functions?|methods?|routine|procedure)\s*,?\s*(?:(?:that is |which is )?(?:called|named|with the name|name)"
    r"(?: as)?\s*:?\s*)?[`'\"*]{0,3}(?P<name>[A-Za-z_]\w*)[`'\"*]{0,3}(?P<open>\()?",
    re.I,
)
_MARKED = re.compile(r"[`'\"](?P<name>[A-Za-z_]\w*)(?P<open>\()(?P<arguments>[\w\s,:=\[\]|.*]*)\)[^`'\"\n]{0,40}[`'\"]")
_BEFORE_NOUN = re.compile(r"[`'\"](?P<name>[A-Za-z_]\w*)(?:\(\))?[`'\"]\s+(?:function|method)\b")
# What follows "function" in a sentence and is no name.
_SENTENCE_WORDS = """
a an the that this it its you we your to in for with from of on by as and or not so is are does has have when if
should must shall will would can could which only such above below like given using
takes returns return accepts receives computes finds calculates checks determines called named name definition signature
"""
_NO_NAMES = frozenset(_SENTENCE_WORDS.split())
_PLAIN_TYPES = re.compile(
    r"\b(?:List|Dict|Tuple|Set|Optional|Union|Any|Iterable|Sequence|Iterator|Callable|FrozenSet|Literal|Mapping|Type"
    r"|typing|str|int|float|bool|list|dict|tuple|set|frozenset|bytes|complex|object|None|np|numpy|ndarray)\b"
)


@dataclass(frozen=True)
class Signature:
    """A function's name and parameters.

    Attributes:
        name: The function's or the method's name.
        parameters: Their names in order; `None` when the request doesn't tell them.
        required: How many have no default.
        many: It takes any number of positional arguments.
        owner: The class of a method.
        plain: Its parameters are of built-in types, as far as it says.
        defined: The request has its `def`, not only its name.
        whole: The request shows its body too.
    """

    name: str
    parameters: tuple[str, ...] | None = None
    required: int = 0
    many: bool = False
    owner: str = ""
    plain: bool = True
    defined: bool = False
    whole: bool = False

    def takes(self, count: int) -> bool:
        """Return whether a call may pass this many arguments."""
        if self.parameters is None:
            return True
        return self.required <= count and (self.many or count <= len(self.parameters))

    @property
    def target(self) -> str:
        """What a call starts with."""
        return f"{self.owner}().{self.name}" if self.owner else self.name


def signature(prompt: str) -> Signature | None:
    """Return the function that a request states or names, or `None`.

    Of several definitions the last without a body is meant, else the last: helpers come first.
    """
    stated = [s for found in _DEF.finditer(prompt) if (s := _defined(prompt, found)) is not None]
    if stated:
        return next((s for s in reversed(stated) if not s.whole), stated[-1])
    for pattern in (_CALLED, _MARKED, _BEFORE_NOUN):
        for found in pattern.finditer(prompt):
            if (named := _named(prompt, found)) is not None:
                return named
    return None


def _defined(prompt: str, found: re.Match[str]) -> Signature | None:
    end = bracket_end(prompt, found.end() - 1)
    if end is None:
        return None
    head = re.match(r"[^:\n]*(?:->[^\n]*?)?:?", prompt[end:])
    returns = head[0] if head else ""
    try:
        function = ast.parse(f"def f{prompt[found.end() - 1 : end]}: pass").body[0]
    except (SyntaxError, ValueError):
        return None
    assert isinstance(function, ast.FunctionDef)
    given = function.args
    names = [argument.arg for argument in (*given.posonlyargs, *given.args)]
    owner = ""
    if names[:1] == ["self"]:
        names = names[1:]
        owners = [
            c["name"] for c in _CLASS.finditer(prompt, 0, found.start()) if len(c["indent"]) < len(found["indent"])
        ]
        owner = owners[-1] if owners else ""
    types = ", ".join(ast.unparse(a.annotation) for a in (*given.posonlyargs, *given.args) if a.annotation is not None)
    body = _body(prompt[end + len(returns) :], len(found["indent"].expandtabs(4)))
    return Signature(
        name=found["name"], parameters=tuple(names), required=max(0, len(names) - len(given.defaults)),
        many=given.vararg is not None, owner=owner, plain=not re.search(r"[A-Za-z]", _PLAIN_TYPES.sub("", types)),
        defined=True, whole=_does_something(body),
    )  # fmt: skip


def _body(after: str, indent: int) -> str:
    """Return the indented lines that follow a definition's head."""
    first, *lines = after.split("\n")
    kept = [first.strip()] if first.strip(" :") else []
    for line in lines:
        if line.strip() and len(line.expandtabs(4)) - len(line.expandtabs(4).lstrip()) <= indent:
            break
        kept.append(line)
    return "\n".join(kept)


def _does_something(body: str) -> bool:
    """Return whether a body is more than a docstring, a comment and a placeholder."""
    body = re.sub(r"[rR]?(\"\"\"|''').*?(?:\1|\Z)", "", body, count=1, flags=re.S)
    lines = [line.split("#")[0].strip() for line in body.split("\n")]
    idle = re.compile(r"(?:pass|\.\.\.|raise NotImplementedError.*|(?:import|from) .*|return None|)\Z|```")
    return any(not idle.match(line) for line in lines)


def _named(prompt: str, found: re.Match[str]) -> Signature | None:
    name = found["name"]
    if name.lower() in _NO_NAMES or keyword.iskeyword(name):
        return None
    groups = found.groupdict()
    marked = prompt[found.start("name") - 1] in "`'\"*"
    if not groups.get("open"):
        # A bare word is a name only when it can't be an ordinary one, or when it is marked as code or called so.
        said = re.search(r"called|named|name\b", found[0][: found.start("name") - found.start()], re.I)
        return Signature(name) if marked or said or "_" in name or re.search(r"[a-z][A-Z]", name) else None
    end = bracket_end(prompt, found.end("open") - 1)
    if end is None:
        return None
    inside = prompt[found.end("open") : end - 1].strip()
    try:
        function = ast.parse(f"def f({inside}): pass").body[0]
    except (SyntaxError, ValueError):
        return Signature(name)
    assert isinstance(function, ast.FunctionDef)
    names = tuple(argument.arg for argument in function.args.args)
    if not names and not function.args.vararg:
        return Signature(name)
    return Signature(name, names, len(names) - len(function.args.defaults), function.args.vararg is not None)
