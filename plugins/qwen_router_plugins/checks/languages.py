"""The programming languages that a request names, and the one that an answer is in."""

from __future__ import annotations

import re
from collections.abc import Sequence

from qwen_router import CodeBlock, code_blocks

_OTHER_NAMES = {
    "python": "py python3 python2 ipython",
    "javascript": "js jsx node node.js nodejs mjs es6 ecmascript",
    "typescript": "ts tsx",
    "c": "h",
    "cpp": "c++ cc cxx hpp",
    "csharp": "c# cs c-sharp",
    "fsharp": "f#",
    "go": "golang",
    "rust": "rs",
    "ruby": "rb",
    "kotlin": "kt",
    "perl": "pl",
    "haskell": "hs",
    "julia": "jl",
    "elixir": "ex",
    "objectivec": "objective-c objc",
    "vbnet": "vb vb.net",
    "bash": "sh shell zsh",
    "powershell": "ps1 pwsh",
    "sql": "postgresql mysql sqlite",
    "html": "htm",
    "json": "jsonc json5",
    "yaml": "yml",
}
_ONE_NAME = """
java php swift scala r matlab lua dart erlang clojure ocaml fortran cobol pascal groovy zig nim lisp scheme prolog css
"""
_ALIASES = {alias: name for name, others in _OTHER_NAMES.items() for alias in others.split()}
_LANGUAGES = frozenset({*_OTHER_NAMES, *_ONE_NAME.split()})
# Languages that stand beside a program: how to run it, its data, its page.
_BESIDE = frozenset({"bash", "powershell", "sql", "html", "css", "json", "yaml"})
# Fences that say one thing and mean a near relation.
_NEAR = (frozenset({"javascript", "typescript"}), frozenset({"c", "cpp"}), frozenset({"lisp", "scheme"}))
# These are also words, or letters: they need a neighbour that makes them a language.
_AMBIGUOUS = "go c r swift rust ruby java julia dart scheme nim zig lisp node shell pascal groovy ts rs prolog elixir"
_WORDS = frozenset(_AMBIGUOUS.split())
_NAMES = sorted({*_LANGUAGES, *_ALIASES} - {"h", "cc", "ex", "pl", "jl", "hs", "cs", "vb"}, key=len, reverse=True)
_NAME = re.compile(rf"(?<![\w.#+/-])(?P<name>{'|'.join(map(re.escape, _NAMES))})(?![\w+#-]|\.\w)", re.I)
_BEFORE = re.compile(
    r"\b(?:(?:in|into|using|idiomatic|modern|valid|plain|pure)"
    r"|(?:convert|translat|port|rewrit|transpil|migrat|move)\w*\b[^.\n]{0,60}\b(?:to|from))\s+\Z",
    re.I,
)
_AFTER = re.compile(
    r"\s+(?:\d[\w.]*\s+)?(?:functions?|code|programs?|scripts?|class(?:es)?|methods?|struct|snippet|language|"
    r"implementations?|solution|version|application|app|module|library|developers?|enum|interface|trait|package)\b",
    re.I,
)
_STUB = re.compile(r"^[ \t]*(?:async )?def \w+\(.*\)\s*(?:->.*)?:\s*$|^>>> ", re.M)


def canonical(language: str) -> str:
    """Return the one name of a language, for any name that fences give it."""
    name = language.strip().lower().removeprefix(".")
    return _ALIASES.get(name, name)


def asked_languages(prompt: str) -> frozenset[str]:
    """Return every language that a request names in words, in a fence or by a Python stub; often one, often none."""
    named = {canonical(m["name"]) for m in _NAME.finditer(prompt) if _is_language(prompt, m)}
    fenced = {canonical(block.language) for block in code_blocks(prompt)}
    return frozenset(named | (fenced & _LANGUAGES) | ({"python"} if _STUB.search(prompt) else set()))


def unasked_language(prompt: str, blocks: Sequence[CodeBlock]) -> str | None:
    """Return the language of an answer that has nothing in those the request names, or `None`."""
    asked = asked_languages(prompt)
    given = [canonical(block.language) for block in blocks if canonical(block.language) in _LANGUAGES]
    wanted = asked.union(*(near for near in _NEAR if near & asked))
    if not asked or wanted & set(given) or (asked <= _BESIDE):
        return None
    return next((language for language in given if language not in _BESIDE), None)


def _is_language(prompt: str, found: re.Match[str]) -> bool:
    name = found["name"]
    if name.lower() not in _WORDS:
        return True
    if len(name) == 1 and not name.isupper():
        return False
    before, after = (
        _BEFORE.search(prompt[max(0, found.start() - 100) : found.start()]),
        _AFTER.match(prompt, found.end()),
    )
    # A sentence may say "in C", and "to go" means something else.
    if after and (name[0].isupper() or name.lower() in ("java", "ruby", "rust", "swift")):
        return True
    ends = re.match(r"\s*(?:[.,;:!?)]|$|\n|that\b|which\b|to\b|using\b|with\b|and\b|for\b)", prompt[found.end() :])
    return bool(before and ends and name[0].isupper())
