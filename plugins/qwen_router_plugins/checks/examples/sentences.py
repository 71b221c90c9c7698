"""What stands around an example: how a value ends, and whether the sentence means it."""

from __future__ import annotations

import re

from qwen_router_plugins.checks.examples.arithmetic import total
from qwen_router_plugins.checks.examples.literals import value, value_end

# What may follow a value: the end of the line, a comment, an explanation, the next sentence or example.
_ENDS = re.compile(
    r"[`*_]*\s*(?:$|\n|\#|//|--|/\*|[.;!](?:\s|$)|\.?[\])](?:\W|$)|,\s*$|,\s*(?![\d\[({'\"+-])"
    r"|\((?!mod\b)|[–—|]"
    r"|(?:and|because|since|as|where|while|whereas|given|when|if|for|but|with|instead|rather|[a-z_]\w*\()\b)",
    re.M,
)
_THOUSANDS = re.compile(r",\d{3}(?!\d)")
_SUM = re.compile(r"\s*(?:[-+*/%=]|\*\*|//)[^\n#]*")
_KIND_OF_VALUE = re.compile(
    r"(?:(?:an?|the)\s+)?(?:(?:following|boolean|empty)\s+)?(?:(?:string|list|array|tuple|set|dict(?:ionary)?|integer|int|"
    r"number|float|value|boolean|result|output)(?=[\s:`]))?\s*:?\s*(?=[`'\"\[({\d+-]|True|False|None|true|false|null)",
)
_DOUBT = re.compile(
    r"\b(?:but|instead|wrong(?:ly)?|incorrect(?:ly)?|currently|actually|unexpected(?:ly)?|bugs?|buggy|fails?|failing|"
    r"not|never|got|getting|however|rather than|why|broken|mistaken(?:ly)?|even though)\b|n't\b",
    re.I,
)
_BREAK = re.compile(r"[.!?;](?:\s|$)|\n")


def value_at(text: str, at: int) -> tuple[str, int] | None:
    """Return the value that follows `at` as Python source, and where it ends; `None` where that is not certain."""
    lead = re.compile(r"[ \t]*(?:\n[ \t]*)?").match(text, at)
    begin = lead.end() if lead else at
    if kind := _KIND_OF_VALUE.match(text, begin):
        begin = kind.end()
    marked = text.startswith("`", begin)
    while text.startswith("`", begin):
        begin += 1
    end = value_end(text, begin)
    if end is None or _THOUSANDS.match(text, end):
        return None
    source = text[begin:end]
    if marked and not text.startswith("`", end):
        return None
    found = _SUM.match(text, end)
    if found and not text.startswith(("->", "--", "//"), end + len(found[0]) - len(found[0].lstrip())):
        result = total(text[begin : found.end()])
        return None if result is None else (result, found.end())
    # A quote may close what the value stands in, but after a string it is a slip.
    closed = end + (text[end : end + 1] in ("'", '"') and source[-1] not in "'\"")
    if not _ENDS.match(text, closed):
        return None
    # In brackets of its own a value may be a tuple whose comma was forgotten.
    if source.startswith("(") and (inner := value(source)) is not None and not inner.startswith("("):
        return None
    plain = value(source)
    return None if plain is None else (plain, end)


def doubtful(text: str, begin: int, end: int, *, meant: bool) -> bool:
    """Return whether the sentence around an example reports what happens, rather than what should.

    Args:
        begin: Where the call starts.
        end: Where the value ends.
        meant: The words between them say what should be: only what stands before can take it back.
    """
    before = _BREAK.split(text[max(0, begin - 200) : begin])[-1]
    if _DOUBT.search(before):
        return True
    after = _BREAK.split(text[end : end + 200])[0].lstrip("`'\" ")
    return not meant and not after.startswith(("#", "(", "//", "--")) and bool(_DOUBT.search(after))
