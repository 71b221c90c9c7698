"""Examples whose input and output stand apart: `Input:` and `Output:`, "for n = 1 the output should be 2", tables."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice

from qwen_router_plugins.checks.examples.arguments import Arguments, bind, listed, named, whole
from qwen_router_plugins.checks.examples.example import Example, Found
from qwen_router_plugins.checks.examples.literals import value, value_end
from qwen_router_plugins.checks.examples.sentences import doubtful, value_at
from qwen_router_plugins.checks.examples.signature import Signature

_MARK = r"[\s>*\-•`]*(?:(?:sample|example|test)\s+)?"
_INPUT = re.compile(rf"^{_MARK}inputs?(?:\s*\d+)?[`*]*\s*[:=]", re.I | re.M)
_OUTPUT = re.compile(
    r"[\s>*\-•`,;|]*(?:→|->|=>|➞)?\s*(?:(?:sample|example|expected|the)\s+)?(?:outputs?|results?|returns?|expected)"
    r"(?:\s*\d+)?[`*]*\s*[:=]\s*(?:```\w*\s*)?",
    re.I,
)
_FOR = re.compile(
    r"\b(?:for|given|when|if|with|input)\s+(?:(?:an?|the)\s+(?=\w))?(?:input(?:s)?|argument(?:s)?)?\s*(?:of\s+)?", re.I
)
_GIVES = re.compile(
    r"(?:\b(?:should|must|will|would|shall)\s+(?:be|return|output|give|equal|produce)|\breturns?|\boutputs?(?:\s+is)?"
    r"|\bgives?|\bresult(?:s in|\s+is)|\banswer\s+is|→|->|=>|➞)\s*:?",
    re.I,
)
_ASSIGNED = re.compile(r"^[ \t]*(?=[A-Za-z_]\w*[ \t]*=[ \t]*[^=])", re.M)
_RETURNED = re.compile(r"(?:[ \t]*\n[ \t]*(?:->|→|=>|#)[^\n]*){0,4}[ \t]*\n[ \t]*(?:=>\s*)?returns?[ \t]*[=:]?[ \t]*")
_PAIR = re.compile(r"[ \t]*`?[ \t]*(?:={1,2}>|-{1,2}>|[➞→⟶⇒⟹⇨➔➜↦])[ \t]*")
_BULLET = re.compile(r"^[ \t]*(?:[-*•]\s+|\d+[.)]\s+)?(?:(?:example|e\.g\.)\s*\d*\s*[:.]?\s*)?`?", re.M | re.I)
# What may stand between a value without a name and the verb: more would be about something else.
_FILLER = re.compile(
    r"[`'\"]*\s*(?:as (?:the |an )?(?:input|argument)s?)?\s*,?\s*(?:then\s+)?(?:(?:the|your|this|it|we|you)\s*)?"
    r"(?:function|program|method|code|output|result|answer|expected output|return value|\w+\(\)|`\w+`)?\s*"
)
_LONGEST_INPUT, _MOST_BLOCKS = 2000, 50
_RESULT_COLUMNS = frozenset({"output", "result", "returns", "return", "expected", "return value", "expected output"})


def blocks(text: str, signature: Signature) -> Iterator[Found]:
    """Yield examples that state the arguments without the call."""
    for begin, end, arguments, expected, form in (
        *_input_output(text), *_sentences(text), *_assignments(text), *_pairs(text), *_tables(text)
    ):  # fmt: skip
        call = bind(signature, arguments)
        if call is not None:
            doubt = doubtful(text, begin, end, meant=form == "should")
            names = frozenset({signature.name})
            yield Found(Example(call, expected), names, len(arguments), form, doubt)  # type: ignore[arg-type]


_Row = tuple[int, int, Arguments, str, str]


def _input_output(text: str) -> Iterator[_Row]:
    for found in islice(_INPUT.finditer(text), _MOST_BLOCKS):
        output = _OUTPUT.search(text, found.end(), found.end() + _LONGEST_INPUT)
        if not output or _INPUT.search(text, found.end(), output.start()):
            continue
        given = re.sub(r"```\w*", "", text[found.end() : output.start()])
        arguments, stated = whole(given), value_at(text, output.end())
        if arguments and stated is not None:
            yield found.start(), stated[1], arguments, stated[0], "should"


def _sentences(text: str) -> Iterator[_Row]:
    for found in _FOR.finditer(text):
        given: Arguments
        if (by_name := named(text, found.end())) is not None:
            given, end = by_name
        else:
            start = found.end() + text.startswith("`", found.end())
            stop = value_end(text, start)
            values = listed(text[start:stop]) if stop else None
            if stop is None or values is None:
                continue
            given, end = values, stop
            filler = _FILLER.match(text, end)
            if not filler or not _GIVES.match(text, filler.end()):
                continue
        # One sentence, and the last of its verbs that a value follows: the first may explain.
        rest = re.compile(r"[^\n]*(?:\n(?!\s*\n)[^\n]*)?").match(text, end)
        line_end = rest.end() if rest else end
        stated = [
            (verb, v) for verb in _GIVES.finditer(text, end, line_end)
            if "." not in text[end : verb.start()] and (v := value_at(text, verb.end())) is not None
        ]  # fmt: skip
        if stated and len({v[0] for _, v in stated}) == 1:
            should = re.match(r"should|must|shall|return\b", stated[0][0][0], re.I)
            yield found.start(), stated[0][1][1], given, stated[0][1][0], "should" if should else "stated"


def _assignments(text: str) -> Iterator[_Row]:
    """Read `arr = [1]` over `return [1]`, with steps between them that an arrow leads."""
    for found in _ASSIGNED.finditer(text):
        given = named(text, found.end())
        returned = _RETURNED.match(text, given[1]) if given else None
        stated = value_at(text, returned.end()) if returned else None
        if given and stated:
            yield found.start(), stated[1], given[0], stated[0], "stated"


def _pairs(text: str) -> Iterator[_Row]:
    """Read lines such as `[1, 2] -> 3`."""
    for found in _BULLET.finditer(text):
        end = value_end(text, found.end())
        arrow = _PAIR.match(text, end) if end else None
        given = listed(text[found.end() : end]) if arrow else None
        stated = value_at(text, arrow.end()) if arrow else None
        if given and stated:
            yield found.start(), stated[1], given, stated[0], "stated"


def _tables(text: str) -> Iterator[_Row]:
    """Read Markdown tables whose last column is the result."""
    lines = text.split("\n")
    for at in range(len(lines) - 2):
        head = [cell.strip("` *").lower() for cell in _cells(lines[at])]
        if len(head) < 2 or head[-1] not in _RESULT_COLUMNS or not re.fullmatch(r"[\s|:-]+", lines[at + 1]):
            continue
        for line in lines[at + 2 :]:
            cells = _cells(line)
            if len(cells) != len(head):
                break
            values = [value(cell.strip("` ")) for cell in cells]
            if len(head) == 2 and head[0] in {"input", "inputs", "arguments", "call"}:
                arguments = listed(cells[0].strip("` "))
            else:
                arguments = None if None in values[:-1] else [v for v in values[:-1] if v is not None]
            if arguments and values[-1] is not None:
                yield 0, 0, arguments, values[-1], "should"


def _cells(line: str) -> list[str]:
    return line.strip().strip("|").split("|") if "|" in line else []
