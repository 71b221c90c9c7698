import pytest
from hypothesis import given
from hypothesis import strategies as st
from langchain_core.messages import AIMessage, HumanMessage, SystemMessage

from qwen_router import Classification, Hints, Request, Settings
from qwen_router_policies.thinking import budget, think


def ask(text="hello", *, hint=None, difficulty=0.1, **thinking):
    request = Request.of(text, hints=Hints(thinking=hint))
    classification = Classification(scores={"general": 1.0}, task="general", difficulty=difficulty)
    return think(request, classification, Settings(thinking=thinking))


@pytest.mark.parametrize(("difficulty", "tokens"), [(0.0, 0), (0.19, 0), (0.2, 1024), (0.6, 2560), (1.0, 4096)])
def test_hard_requests_think_the_longer_the_harder(difficulty, tokens):
    assert ask(difficulty=difficulty) == tokens


def test_a_thought_that_is_forced_on_an_easy_request_is_short():
    assert ask(hint=True, difficulty=0.0) == 1024


@given(st.floats(0, 1), st.floats(0, 1), st.floats(0, 1), st.integers(1, 9000), st.integers(0, 9000))
def test_a_harder_request_never_gets_a_shorter_thought(one, other, least, tokens, more):
    settings = Settings(thinking={"min_difficulty": least, "min_tokens": tokens, "max_tokens": tokens + more})
    easy, hard = sorted((one, other))
    assert tokens <= budget(easy, settings) <= budget(hard, settings) <= tokens + more


def test_the_mode_wins_over_difficulty():
    assert ask(mode="on", difficulty=0) == 1024
    assert ask(mode="off", difficulty=1) == 0


def test_the_users_last_switch_wins_over_the_mode():
    assert ask("/think why?", mode="off") > 0
    assert ask("/think why? /no_think", mode="on") == 0


def test_the_latest_switch_of_the_conversation_holds_until_another():
    turns = [
        SystemMessage("Be brief. /think"),
        HumanMessage("one /no_think"),
        AIMessage("1 /think"),
        HumanMessage("two"),
    ]
    assert ask(turns, mode="on") == 0
    assert ask([*turns, AIMessage("2"), HumanMessage("three\n/think")], mode="off") > 0


def test_a_switch_inside_a_word_is_no_switch():
    assert ask("open /thinking/about", mode="off") == 0


def test_the_callers_hint_wins_over_everything():
    assert ask("/think", hint=False, mode="on", difficulty=1) == 0
