import pytest
from hypothesis import given
from hypothesis import strategies as st

from qwen_router_plugins.checks.repetition import repetition

SENTENCE = "The cat sat on the mat and looked at the moon. "
LOOPS = [
    ("the " * 30, "the", 30),
    ("Yes, I can. " * 15, "Yes, I can.", 15),
    ("Well " + SENTENCE * 8 + "The cat", SENTENCE.strip(), 8),
    (SENTENCE * 9 + "And then it ended, at last.", SENTENCE.strip(), 9),
    ("好的" * 30, "好的", 30),
    ("x = 1\ny = 2\nz = x + y\nprint(z)\n" * 9, "x = 1\ny = 2\nz = x + y\nprint(z)", 9),
    ("so aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "a", 60),
    ("word" + "na" * 50, "na", 50),
]
FINE = [
    "",
    "word",
    SENTENCE * 3,
    "Ha ha ha ha ha! That was very, very, very funny.",
    "| a | b | c |\n|---|---|---|\n| 1 | 2 | 3 |\n",
    "=" * 80 + "\nTitle\n" + "-" * 80,
    "[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]",
    "1000000000000000000000000000000000",
    "\n".join(f"case {i}: return {i * 7};" for i in range(60)),
    "\n".join(f"| row {i} | value |" for i in range(7)),
    "</div>\n" * 7,
    "<td></td>" * 6,
    "import a\nimport b\nimport c\n",
    "assert f(1) == 2\nassert f(2) == 3\nassert f(3) == 4\nassert f(4) == 5\nassert f(5) == 6",
]


@pytest.mark.parametrize(("text", "unit", "least"), LOOPS)
def test_a_loop_is_found(text: str, unit: str, least: int):
    loop = repetition(text)
    assert loop is not None
    assert loop.unit.strip() == unit
    assert loop.times >= least - 1


@pytest.mark.parametrize("text", FINE)
def test_ordinary_text_is_none(text: str):
    assert repetition(text) is None


def test_who_asks_for_repetition_gets_it():
    assert repetition("la " * 50, "Repeat 'la' as often as you can") is None


@given(st.text(max_size=300))
def test_any_text_can_be_judged(text: str):
    repetition(text)
