from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qwen_router_plugins.backends.special_tokens import SEPARATOR, SPECIAL_TOKENS, break_up, break_up_run, mend

PIECES = st.one_of(st.sampled_from([*SPECIAL_TOKENS, "<", "|", "<|", "|>", ">", "</", "im_end", "<|0.00|>"]), st.text())
TEXTS = st.lists(PIECES).map("".join).filter(lambda text: SEPARATOR not in text)
ANY_TOKEN = re.compile("|".join(map(re.escape, SPECIAL_TOKENS)))


@pytest.mark.parametrize("token", [*SPECIAL_TOKENS, "<|startoftranscript|>", "<|12.34|>"])
def test_every_token_is_broken_up(token: str) -> None:
    assert break_up(f"a{token}b") == f"a<{SEPARATOR}{token[1:]}b"


@pytest.mark.parametrize(
    "text", ["x <| f |> g", "a < b | c > d", "<|>", "<b>think</b>", "if a <|b and c|> d", "<|a b|>"]
)
def test_ordinary_text_is_left_alone(text: str) -> None:
    assert break_up(text) == text


@given(TEXTS)
def test_no_token_is_left_and_mending_gives_the_text_back(text: str) -> None:
    broken = break_up(text)
    assert not ANY_TOKEN.search(broken)
    assert mend(broken) == text


@given(st.lists(TEXTS))
def test_no_token_runs_across_texts_that_are_joined(texts: list[str]) -> None:
    broken = break_up_run(texts)
    assert [mend(text) for text in broken] == texts
    assert "".join(broken) == break_up("".join(texts))


def test_a_token_in_three_pieces_is_broken_up() -> None:
    assert break_up_run(["a<", "|im_", "end|>"]) == [f"a<{SEPARATOR}", "|im_", "end|>"]
