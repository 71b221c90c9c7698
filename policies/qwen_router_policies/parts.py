"""Finds the parts of a text that asks for several things."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from qwen_router_policies.asking import without_telling


@dataclass(frozen=True)
class Parts:
    """What a text asks for.

    Attributes:
        items: The parts, in order.
        before: What is said before them.
        after: A paragraph that follows them and belongs to none.
        listed: Whether they stand in a list; otherwise only words such as "then" join them.
    """

    items: tuple[str, ...]
    before: str = ""
    after: str = ""
    listed: bool = True


# What is quoted or code holds no parts of the request. Bounded, so that marks which never close cost little.
_QUOTED = re.compile(
    r"```.*?(?:```|\Z)|`[^`\n]*`|\"[^\"\n]*\"|“[^”\n]{0,500}”|「[^」\n]{0,500}」|«[^»\n]{0,500}»|\$[^$\n]+\$", re.DOTALL
)
_CHINESE_DIGITS = "一二三四五六七八九十"
_NOUNS = (
    "part|step|task|question|item|paso|parte|tarea|pregunta|punto|teil|schritt|aufgabe|frage|partie|étape|tâche|"
    "任务|问题|步骤|第"
)
_FAMILIES: tuple[tuple[re.Pattern[str], Callable[[str, int], bool]], ...] = (
    (
        re.compile(
            rf"(?<![\w.])(?:(?:{_NOUNS})\s*(\d{{1,2}})\s*[.)．）、:：]|[(（]?(\d{{1,2}})(?:[)）、．]|\.(?!\d)))\s*(?=\S)",
            re.IGNORECASE,
        ),
        lambda mark, at: int(mark) == at,
    ),
    (re.compile(r"([①-⑳])\s*(?=\S)"), lambda mark, at: ord(mark) - ord("①") + 1 == at),
    (
        re.compile(rf"(?<!\w)[(（第]?([{_CHINESE_DIGITS}])(?:[、．.)）]|(?:步|部分)?[:：，])\s*(?=\S)"),
        lambda mark, at: _CHINESE_DIGITS.find(mark) + 1 == at,
    ),
    (re.compile(r"(?<!\w)\(?([a-h])\)\s+(?=\S)"), lambda mark, at: ord(mark) - ord("a") + 1 == at),
    (re.compile(r"^[ \t]*([-*•])[ \t]+(?=\S)", re.MULTILINE), lambda *_: True),
)
_ENDS = "\n.!?:;,。！？：；，、"
_LOOK_BACK = 16
_AND = re.compile(r"(?:^|(?<=[\s,;，；]))(?:and|y|e|und|et|和|以及)\s*\Z", re.IGNORECASE)

_JOINING = (
    "first(?:ly)? second(?:ly)? third(?:ly)? then next after~(?:that|this) afterwards? finally lastly also "
    "additionally in~addition moreover furthermore "
    "primero en~(?:primer|segundo|tercer)~lugar segundo tercero luego después a~continuación además también "
    "adicionalmente por~último finalmente "
    "d['’]abord premièrement deuxièmement ensuite puis après~(?:cela|ça) de~plus en~outre aussi également enfin "
    "finalement "
    "zuerst zunächst erstens zweitens drittens dann danach anschließend außerdem zusätzlich schließlich zuletzt"
)
_CHINESE_JOINING = "首先|先|其次|然后|接着|接下来|之后|随后|再|另外|此外|还有|同时|并且|并|最后"
_LATIN = "|".join(_JOINING.replace("~", r"\s+").split(" "))
_JOINED = re.compile(
    rf"(?:\A\s{{0,3}}|(?<=[.!?;:,\n。！？；：，])[^\S\n]{{0,3}}|\s(?=(?:and|y|und|et)\s))"
    rf"(?:(?:(?:and|y|und|et|also)\s+)?(?:{_LATIN})\b[,:]?\s+(?:also\s+)?|(?:{_CHINESE_JOINING})[，,:：、]?\s*)(?=\S)",
    re.IGNORECASE,
)


def listed_parts(text: str) -> Parts | None:
    """Return the items of a list with numbers, letters or bullets; `None` when there is no list of two or more."""
    masked = _masked(text)
    lists = [found for pattern, follows in _FAMILIES if len(found := list(_marks(masked, pattern, follows))) > 1]
    if not lists:
        return None
    # Of a list in a list, the outer one comes first.
    marks = min(lists, key=lambda found: found[0].start())
    ends = [*(m.start() for m in marks[1:]), len(text)]
    items = [_trimmed(text[m.end() : end]) for m, end in zip(marks, ends, strict=True)]
    items[-1], after = _closing_words(items, masked[marks[0].end() : marks[-1].start()].strip())
    return Parts(tuple(items), text[: marks[0].start()].strip(), after) if all(items) else None


def joined_parts(text: str) -> Parts | None:
    """Return the parts that words such as "then" and "also" join; `None` when there are no two."""
    marks = list(_JOINED.finditer(_masked(text)))
    if not marks:
        return None
    before = text[: marks[0].start()].strip()
    opening = re.match(
        r"\s*(?:first|primero|en primer|d['’]abord|premi|zuerst|zunächst|erstens|首先|先)", marks[0][0], re.I
    )
    ends = [*(m.start() for m in marks[1:]), len(text)]
    items = [_trimmed(text[m.end() : end]) for m, end in zip(marks, ends, strict=True)]
    if not opening:
        before, asked = without_telling(before)
        items.insert(0, _trimmed(asked))
    return Parts(tuple(items), before, listed=False) if len(items) > 1 and all(items) else None


def _masked(text: str) -> str:
    """Return the text with what is quoted blotted out, every character in its place."""
    return _QUOTED.sub(lambda m: "_" * len(m[0]), text)


def _marks(text: str, pattern: re.Pattern[str], follows: Callable[[str, int], bool]) -> Iterator[re.Match[str]]:
    """Yield the marks of one list: each the next number, and at the start of something."""
    at = 1
    for mark in pattern.finditer(text):
        said = next(filter(None, mark.groups()))
        before = text[max(0, mark.start() - _LOOK_BACK) : mark.start()]
        # A number in a circle is nothing else.
        if follows(said, at) and ("①" <= said <= "⑳" or _starts_something(before)):
            yield mark
            at += 1


def _starts_something(before: str) -> bool:
    """Tell a list's number from one inside a sentence: before it is nothing, a line end, or a sentence's end."""
    before = _AND.sub("", before.rstrip(" \t")).rstrip(" \t")
    return not before or before[-1] in _ENDS


def _trimmed(item: str) -> str:
    return _AND.sub("", item.strip()).strip().rstrip(",;，；、").strip()


def _closing_words(items: list[str], between: str) -> tuple[str, str]:
    """Return the last item and the paragraph that follows the list, if it is none of the item's own."""
    item, gap, after = items[-1].partition("\n\n")
    if not gap or item.endswith((":", "：")) or "\n\n" in between or "```" in after:
        return items[-1], ""
    return item.strip(), after.strip()
