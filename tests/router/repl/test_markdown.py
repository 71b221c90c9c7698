"""Answers as Markdown in a terminal."""

import io

import hypothesis
import pytest
from hypothesis import strategies
from rich.console import Console

from qwen_router.repl.live import LiveScreen
from qwen_router.repl.markdown import THEME, Rendered, split_settled
from qwen_router.repl.status import Status
from qwen_router.request import Chunk

ANSWER = """\
# Title

Some *text* here.

1. one

2. two

```python
x = 1

y = 2
```

| a | b |
|---|---|
| 1 | 2 |
"""


def shown(text, width=60):
    console = Console(file=io.StringIO(), width=width, theme=THEME)
    console.print(Rendered(text))
    return [line.rstrip() for line in console.file.getvalue().splitlines()]


def test_no_empty_lines_around_and_headings_on_the_left():
    assert shown("\n\n# Title\n\ntext\n\n")[0] == "Title"
    assert shown("- a\n- b\n")[-1].endswith("b")


@pytest.mark.parametrize("width", [1, 2, 5, 20, 80])
def test_any_width_will_do(width):
    assert shown(ANSWER, width)


def test_nothing_of_the_look_needs_a_dark_background():
    console = Console(file=io.StringIO(), force_terminal=True, color_system="truecolor", theme=THEME, width=60)
    console.print(Rendered(ANSWER + "\nSee [this](http://x.org), `code`.\n\n> quoted\n"))
    drawn = console.file.getvalue()
    assert "\x1b[" in drawn
    # No own colours, no bright ones, and no background but the terminal's.
    assert "38;2;" not in drawn
    assert "48;2;" not in drawn
    assert not any(f"\x1b[{code}m" in drawn for code in (37, 40, 90, 93, 97))
    assert ";40m" not in drawn


def test_a_list_or_a_fence_settles_whole():
    assert split_settled("a\n\n1. one\n\n2. tw") == ("a\n\n", "1. one\n\n2. tw")
    assert split_settled("a\n\n```\nx\n\ny") == ("a\n\n", "```\nx\n\ny")
    assert split_settled("only\nthis") == ("", "only\nthis")


@hypothesis.given(strategies.text(alphabet="a1.-*`#|>\n $", max_size=60))
def test_splitting_loses_nothing(text):
    assert "".join(split_settled(text)) == text


@pytest.mark.parametrize("size", [1, 3, 1000])
def test_what_streams_is_the_same_at_the_end_in_any_pieces(size):
    console = Console(file=io.StringIO(), width=60, theme=THEME)
    pieces = [ANSWER[at : at + size] for at in range(0, len(ANSWER), size)]
    LiveScreen(console, Status()).show((Chunk(kind="text", text=p) for p in pieces), unfolded=False)
    drawn = [line.rstrip() for line in console.file.getvalue().splitlines()]
    assert [line for line in drawn if line] == [line for line in shown(ANSWER) if line]


def test_a_thought_folds_to_one_line_or_is_shown_whole():
    chunks = [Chunk(kind="thinking", text="First\nthis."), Chunk(kind="text", text="Then that.")]
    for unfolded in (False, True):
        console = Console(file=io.StringIO(), width=60)
        LiveScreen(console, Status()).show(iter(chunks), unfolded=unfolded)
        drawn = console.file.getvalue()
        assert ("First" in drawn) == unfolded
        assert ("thought for" in drawn) != unfolded
        assert "Then that." in drawn


def test_escape_sequences_of_a_model_never_reach_the_terminal():
    console = Console(file=io.StringIO(), width=60)
    bad = [Chunk(kind="thinking", text="\x1b]0;t\x07a"), Chunk(kind="text", text="\x1b[2Jb `\x9b31m`")]
    LiveScreen(console, Status()).show(iter(bad), unfolded=True)
    assert not set("\x1b\x07\x9b") & set(console.file.getvalue())
