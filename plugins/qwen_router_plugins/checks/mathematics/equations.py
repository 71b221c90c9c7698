"""Finds the equations that a request asks to be solved."""

from __future__ import annotations

import re
from dataclasses import dataclass

_ASKS = re.compile(
    r"\bsolve\b|\b(?:find|determine|compute|give|what (?:is|are))\b[^.?]{0,40}\b(?:solutions?|roots?|zeros) (?:of|to)\b"
    r"|\b(?:find|determine|values? of) (?:\$|\\\()?\s?[a-z]\s?(?:\$|\\\)|[\s.,?!]|\Z)"
    r"|\bl(?:ö|oe)se\b|\bresuelv\w+|\br[ée]sou\w+|\bresolv\w+|\brisolv\w+"
    r"|解(?:方程|出|下)|求\s*(?:\$|\\\()?\s?[a-z](?![\w^+*/-])|решит|реши\b|方程式を解",
    re.IGNORECASE,
)
# What is asked for is then not what satisfies the equation.
_ANOTHER = re.compile(
    r"\b(?:sum|product|difference|average|ratio|how many|number of|discriminant|derivative|integral|inequalit\w+"
    r"|modulo|mod|congruen\w+|suma|producto|cuánt\w+|somme|produit|combien|summe|produkt|wie viele)\b|之和|之积|多少",
    re.IGNORECASE,
)
_CHOSEN = re.compile(
    r"\b(?:positive|negative|smallest|largest|greatest|least|integer|whole|real|one solution|a solution|where)\b"
    r"|[<>≤≥]|\\[gl]eq?\b|正|负|最",
    re.IGNORECASE,
)
_LATEX = re.compile(r"\$\$?(.+?)\$\$?|\\\((.+?)\\\)|\\\[(.+?)\\\]", re.DOTALL)
_PLAIN = re.compile(
    r"(?<![^\s:,;：，。\u4e00-\u9fff])(?:(?<![^\W\d_])[a-z](?![^\W\d_])|\d+(?:\.\d+)?|\*\*|[-+*/^()=²³·×−]|[ \t])+",
    re.IGNORECASE,
)
_MOST = 4
# 1/2x may mean either half of x or 1/(2x); a bare function name would be read as a product of letters.
_DOUBTFUL = re.compile(r"/\s*\d*\s*[a-z(]|[a-z]{2}", re.IGNORECASE)


@dataclass(frozen=True)
class Equations:
    """Equations to be solved.

    Attributes:
        latex: Each of them.
        all_wanted: Whether all solutions are asked for; a word such as "positive" makes a choice among them.
    """

    latex: tuple[str, ...]
    all_wanted: bool


def asked_equations(text: str) -> Equations | None:
    """Return the equations whose solution is the result asked for; `None` where there is any doubt."""
    if not _ASKS.search(text) or _ANOTHER.search(text):
        return None
    marked = [next(filter(None, m.groups())) for m in _LATEX.finditer(text)]
    if marked:
        found = [part for m in marked for part in _parts(m) if "=" in part]
    else:
        found = [_to_latex(p) for m in _PLAIN.finditer(text) if "=" in (p := m[0].strip()) and not _DOUBTFUL.search(p)]
    if not 1 <= len(found) <= _MOST or any(not _one_equation(e) for e in found):
        return None
    return Equations(tuple(found), not _CHOSEN.search(text))


def _parts(latex: str) -> list[str]:
    """Split a system: rows of an environment, or a list with commas."""
    body = re.sub(r"\\(?:begin|end)\{[a-z*]+\}|\\left\\?[{.]|\\right\\?[}.]|&", "", latex)
    return [p.strip(" .") for row in re.split(r"\\\\|\n", body) for p in row.split(",") if p.strip(" .")]


def _one_equation(latex: str) -> bool:
    left, _, right = latex.partition("=")
    if latex.count("(") != latex.count(")"):
        return False
    return bool(left.strip()) and bool(right.strip()) and "=" not in right and bool(re.search("[a-z]", latex, re.I))


def _to_latex(plain: str) -> str:
    text = plain.replace("**", "^").replace("²", "^2").replace("³", "^3").replace("−", "-")
    text = re.sub(r"\^\s*(-?\d+)", r"^{\1}", text)
    return re.sub(r"[*·×]", r" \\cdot ", text)
