import pytest
from hypothesis import given
from hypothesis import strategies as st

from qwen_router.parsing import ThinkingSplitter, boxed, code_blocks, split_thinking


@pytest.mark.parametrize(
    ("raw", "text", "thinking"),
    [
        ("<think>\nhm\n</think>\n\nyes", "yes", "hm"),
        ("hm\n</think>\n\nyes", "yes", "hm"),
        ("<think>never closed", "", "never closed"),
        ("no thought", "no thought", ""),
        ("<think></think>yes", "yes", ""),
        ("", "", ""),
        ("<think>a</think>the tag <think> stays in the answer", "the tag <think> stays in the answer", "a"),
    ],
)
def test_a_whole_answer_is_split(raw, text, thinking):
    assert split_thinking(raw) == (text, thinking)


def test_a_thought_opened_by_the_prompt_needs_no_opening_tag():
    assert split_thinking("hm</think>yes", opened=True) == ("yes", "hm")
    assert split_thinking("<think>hm</think>yes", opened=True) == ("yes", "hm")
    assert split_thinking("only a thought", opened=True) == ("", "only a thought")


ANSWERS = st.lists(st.sampled_from(["<think>", "</think>", "<", "</", "think", ">", "a", " b\n"])).map("".join)


@given(ANSWERS, st.booleans(), st.data())
def test_any_chunking_gives_what_the_whole_gives(raw, opened, data):
    cuts = sorted(data.draw(st.sets(st.integers(0, len(raw)), max_size=8)))
    chunks = [raw[a:b] for a, b in zip([0, *cuts], [*cuts, len(raw)], strict=True)]
    splitter = ThinkingSplitter(opened=opened)
    pieces = [p for chunk in chunks for p in splitter.feed(chunk)] + list(splitter.close())
    text = "".join(t for kind, t in pieces if kind == "text")
    thinking = "".join(t for kind, t in pieces if kind == "thinking")
    if splitter.reopened is not None:
        text, thinking = text[splitter.reopened :], text[: splitter.reopened] + thinking
    assert (text.strip(), thinking.strip()) == split_thinking(raw, opened=opened)


def test_half_a_tag_is_held_back_and_the_rest_is_not():
    splitter = ThinkingSplitter()
    assert list(splitter.feed("yes <thi")) == [("text", "yes ")]
    assert list(splitter.feed("s is it")) == [("text", "<this is it")]


@pytest.mark.parametrize(
    ("text", "result"),
    [
        (r"so \boxed{42}.", "42"),
        (r"\boxed{1} then \boxed{\frac{1}{2}}", r"\frac{1}{2}"),
        (r"\boxed{ 7 }", "7"),
        (r"\boxed{", None),
        (r"\boxed{{}", None),
        ("none", None),
    ],
)
def test_the_last_balanced_box_is_read(text, result):
    assert boxed(text) == result


def test_fenced_code_is_read_with_its_language():
    blocks = code_blocks("a\n```Python title=x\nx = 1\n```\nb\n~~~\nplain\n~~~\n")
    assert [(b.language, b.text) for b in blocks] == [("python", "x = 1"), ("", "plain")]


def test_a_fence_that_never_closes_runs_to_the_end():
    assert code_blocks("```js\nlet x;\n")[0].text == "let x;"


def test_a_longer_fence_holds_a_shorter_one():
    assert code_blocks("````md\n```py\nx\n```\n````\n")[0].text == "```py\nx\n```"
