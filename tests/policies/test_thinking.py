import pytest

from qwen_router import Classification, Hints, Request, Settings
from qwen_router_policies.thinking import think


def ask(text="hello", *, hint=None, mode="auto", difficulty=0.1):
    request = Request.of(text, hints=Hints(thinking=hint))
    classification = Classification(scores={"general": 1.0}, task="general", difficulty=difficulty)
    return think(request, classification, Settings(thinking={"mode": mode}))


@pytest.mark.parametrize(("difficulty", "thinks"), [(0.0, False), (0.19, False), (0.2, True), (1.0, True)])
def test_hard_requests_think(difficulty, thinks):
    assert ask(difficulty=difficulty) is thinks


def test_the_mode_wins_over_difficulty():
    assert ask(mode="on", difficulty=0) is True
    assert ask(mode="off", difficulty=1) is False


def test_the_users_last_switch_wins_over_the_mode():
    assert ask("/think why?", mode="off") is True
    assert ask("/think why? /no_think", mode="on") is False


def test_a_switch_inside_a_word_is_no_switch():
    assert ask("open /thinking/about", mode="off") is False


def test_the_callers_hint_wins_over_everything():
    assert ask("/think", hint=False, mode="on", difficulty=1) is False
