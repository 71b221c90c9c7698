"""Formulas as Unicode."""

import hypothesis
import pytest
from hypothesis import strategies

from qwen_router.repl.latex import readable, with_readable_maths


@pytest.mark.parametrize(
    ("latex", "shown"),
    [
        (r"x^2 + \frac{1}{2}\alpha \leq \sqrt{2x}", "x² + 1/2 α ≤ √(2x)"),
        (r"\frac{a+b}{c}", "(a+b)/c"),
        (r"x = \frac{-b \pm \sqrt{b^2-4ac}}{2a}", "x = (-b ± √(b²-4ac))/2a"),
        (r"\dfrac{3}{4}", "3/4"),
        (r"e^{-x^2}", "e^(-x²)"),
        (r"e^{i\pi}", "e^(iπ)"),
        (r"x_{i+1}", "xᵢ₊₁"),
        (r"x_10", "x₁0"),
        (r"\sum_{i=1}^n i", "∑ᵢ₌₁ⁿ i"),
        (r"\sqrt[3]{x}", "³√x"),
        (r"\mathbf{x}^T A", "x^T A"),
        (r"90^\circ", "90°"),
        (r"x \in \mathbb{R}", "x ∈ ℝ"),
        (r"\boxed{42}", "42"),
        (r"\text{speed} = 5\%", "speed = 5%"),
        (r"a \implies b", "a ⟹ b"),
        (r"\left( \binom{n}{k} \right)", "( C(n, k) )"),
        (r"\begin{pmatrix}1 & 2\\3 & 4\end{pmatrix}", "[1 2; 3 4]"),
        (r"\begin{aligned} a &= b \\ c &= d \end{aligned}", "a = b\nc = d"),
        (r"\unheard{of} + 1", r"\unheard{of} + 1"),
        (r"\frac{1", r"\frac{1"),
    ],
)
def test_a_formula_reads_well_or_stays_as_it_was(latex, shown):
    assert readable(latex) == shown


@hypothesis.given(strategies.text(alphabet=r"\{}[]^_&$ab1+frcsqt ", max_size=40))
def test_no_formula_breaks_it(latex):
    assert isinstance(readable(latex), str)
    assert isinstance(with_readable_maths(f"${latex}$ \\[{latex}\\]"), str)


def test_deep_nesting_stays_as_it_was():
    deep = "{" * 5000 + "}" * 5000
    assert readable(deep) == deep


@pytest.mark.parametrize(
    "text",
    [
        "It costs $5 and $10, not US$20.",
        "Write `$x^2$` for it.",
        "```tex\n$x^2$ and \\[ y \\]\n```",
        "````\n```\n$x^2$\n````",
        "```\n$x^2$",
        "An escaped \\$x^2$ stays.",
    ],
)
def test_prices_and_code_stay(text):
    assert with_readable_maths(text) == text


def test_the_four_ways_to_write_a_formula():
    assert with_readable_maths(r"so $x^2$ and \(y_1\).") == "so x² and y₁."
    assert with_readable_maths("so $$x^2$$ and \\[y_1\\]").split() == ["so", "x²", "and", "y₁"]


def test_what_markdown_would_read_is_escaped():
    assert with_readable_maths("$a * b * c$") == r"a \* b \* c"
