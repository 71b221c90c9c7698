"""Writes the LaTeX of an answer as Unicode that reads well in a terminal."""

from __future__ import annotations

import logging
import re
from collections.abc import Sequence
from typing import Any

from pylatexenc.latex2text import LatexNodes2Text
from pylatexenc.latexwalker import (
    LatexCharsNode,
    LatexEnvironmentNode,
    LatexGroupNode,
    LatexMacroNode,
    LatexWalker,
    get_default_latex_context_db,
)
from pylatexenc.macrospec import MacroSpec

# What follows in Markdown keeps its text: a fence, a code span. Then the four ways to write mathematics.
_MATHS = re.compile(
    r"(?P<code>^(?P<fence>`{3,}|~{3,}).*?(?:^(?P=fence)[`~]*[ \t]*$|\Z)|(?P<tick>`+)(?!`).+?(?<!`)(?P=tick)(?!`))"
    r"|\\\[(?P<bracket>.+?)\\\]|\$\$(?P<dollars>.+?)\$\$|\\\((?P<paren>.+?)\\\)"
    # As in Pandoc: no space inside the dollars and no digit after them, so that prices stay prices.
    r"|(?<![\\$\w])\$(?P<dollar>[^\s$`](?:[^$\n`]*[^\s$\\`])?)\$(?!\d)",
    re.M | re.S,
)
_MARKDOWN = re.compile(r"([\\`*_{}\[\]<>#|~])")
_ROWS = re.compile(r"\\\\(?:\[[^\]]*\])?")
_HIGH = str.maketrans("0123456789+-=()niabcdefghjklmoprstuvwxyz", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾ⁿⁱᵃᵇᶜᵈᵉᶠᵍʰʲᵏˡᵐᵒᵖʳˢᵗᵘᵛʷˣʸᶻ")
_LOW = str.maketrans("0123456789+-=()aehijklmnoprstuvx", "₀₁₂₃₄₅₆₇₈₉₊₋₌₍₎ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓ")
_NEEDLESS = {"left", "right", "big", "Big", "bigg", "Bigg", "displaystyle", "textstyle", "limits", "nolimits"}
_SPACES = {",": " ", ";": " ", ":": " ", "!": "", " ": " ", "quad": "  ", "qquad": "    "}
_MISSED = {"implies": "⟹", "iff": "⟺", "dots": "…", "ldots": "…", "cdots": "⋯", "\\": "\n", "lvert": "|", "rvert": "|"}
_SPACED = re.compile(r" *([=≠≈≡≤≥<>±→⇒⟹⟺∈∉⊂⊆∪∩×·]) *")
_SIMPLE = re.compile(r"^[^\W_]+$|^[^\W\d_]*\([^()]*\)$|^√(\w|\([^()]*\))$|^.$")

_MACROS = get_default_latex_context_db()
_MACROS.add_context_category(
    "answers", prepend=True, macros=[MacroSpec(name, "{{") for name in ("dfrac", "tfrac", "cfrac", "binom")]
)
# It logs what it can't read; here that stays as it was written.
logging.getLogger("pylatexenc").setLevel(logging.CRITICAL)


def with_readable_maths(markdown: str) -> str:
    """Return Markdown with its formulas as Unicode; code stays as it is."""
    return _MATHS.sub(_shown, markdown)


def readable(latex: str) -> str:
    r"""Return a formula as Unicode; what has no such form, an unknown macro say, stays as it was written."""
    try:
        nodes, _, _ = LatexWalker(latex, latex_context=_MACROS, tolerant_parsing=True).get_latex_nodes()
        text = _joined(nodes)
    except (ValueError, RecursionError):
        return latex
    return "\n".join(" ".join(_SPACED.sub(r" \1 ", line).split()) for line in text.strip().splitlines())


def _shown(match: re.Match[str]) -> str:
    if match["code"] is not None:
        return match[0]
    inline = match["paren"] or match["dollar"]
    text = _MARKDOWN.sub(r"\\\1", readable(inline or match["bracket"] or match["dollars"]))
    # A formula on its own is a paragraph, whose lines stay lines.
    return text.replace("\n", " ") if inline else "\n\n" + text.replace("\n", "\\\n") + "\n\n"


def _joined(nodes: Sequence[Any]) -> str:
    """Return the text of a list of nodes; `^` and `_` raise and lower what follows them."""
    text, shift, latest = "", "", "\n"
    for node in nodes:
        unknown = isinstance(node, LatexGroupNode) and text.endswith("\\" + latest)
        piece = str(node.latex_verbatim()) if unknown else _text(node)
        latest = node.macroname if isinstance(node, LatexMacroNode) else "\n"
        if shift:
            # Of loose characters only the first belongs to the sign.
            head, rest = (piece[:1], piece[1:]) if isinstance(node, LatexCharsNode) else (piece, "")
            text, piece, shift = text + _shifted(shift, head), rest, ""
        if isinstance(node, LatexCharsNode):
            piece = re.sub(r"([\^_])([^\s^_])", lambda m: _shifted(m[1], m[2]), piece)
            if piece.endswith(("^", "_")):
                piece, shift = piece[:-1], piece[-1]
        text += piece
    return text + shift


def _text(node: Any) -> str:
    if isinstance(node, LatexCharsNode):
        return str(node.chars).replace("&", " ")
    if isinstance(node, LatexGroupNode):
        # Brackets that LaTeX itself doesn't show are dropped, others kept.
        start, end = ("", "") if node.delimiters[0] == "{" else node.delimiters
        return f"{start}{_joined(node.nodelist)}{end}"
    if isinstance(node, LatexEnvironmentNode):
        return _environment(node)
    if isinstance(node, LatexMacroNode):
        return _macro(node)
    return " " if node.latex_verbatim() == "&" else _looked_up(node)


def _macro(node: LatexMacroNode) -> str:
    name = node.macroname
    given = [a for a in (node.nodeargd.argnlist if node.nodeargd else []) or [] if a is not None]
    if name == "binom" or name.endswith("frac"):
        if len(given) != 2:
            return str(node.latex_verbatim())
        upper, lower = map(_text, given)
        return f"C({upper}, {lower})" if name == "binom" else f"{_grouped(upper)}/{_grouped(lower)} "
    if name == "sqrt" and given:
        root = _text(given[-1]).strip()
        index = _text(given[0]).strip("[] ") if len(given) == 2 else ""
        return f"{_shifted('^', index) if index else ''}√{root if len(root) == 1 else f'({root})'}"
    if name == "boxed" or (name.startswith(("text", "math", "operatorname")) and name not in ("mathbb", "mathcal")):
        return "".join(map(_text, given)) if given else ""
    if name in _NEEDLESS:
        return ""
    if (found := _SPACES.get(name, _MISSED.get(name))) is not None:
        return found
    return _looked_up(node) or str(node.latex_verbatim())


def _looked_up(node: Any) -> str:
    """Return what the library makes of a symbol, with the space that TeX swallowed after it."""
    text = LatexNodes2Text(math_mode="text").nodelist_to_text([node])
    return str(text) + (" " if text and str(getattr(node, "macro_post_space", "")) else "")


def _environment(node: LatexEnvironmentNode) -> str:
    rows = [" ".join(row.split()) for row in _joined(node.nodelist).strip().split("\n")]
    if node.environmentname.endswith("matrix"):
        return "[" + "; ".join(filter(None, rows)) + "]"
    return "\n" + "\n".join(filter(None, rows)) + "\n"


def _shifted(sign: str, text: str) -> str:
    """Return a power or an index; where Unicode lacks a character, in the plain way, its extent in brackets."""
    text = text.strip()
    small = text.replace(" ", "")
    made = small.translate(_HIGH if sign == "^" else _LOW)
    if all(new != old for new, old in zip(made, small, strict=True)):
        return made
    if small in ("'", "∘", "°"):
        return {"∘": "°"}.get(small, small)
    return f"{sign}{text}" if len(text) == 1 else f"{sign}({text})"


def _grouped(text: str) -> str:
    text = text.strip()
    return text if _SIMPLE.match(text) else f"({text})"
