from test_sizing import candidate

from qwen_router import Attempt, Check, Choice, Settings
from qwen_router_policies.escalation import escalate

SMALL, LARGE = candidate("small", quality=0.5), candidate("large", quality=0.8)


def attempt(winner, *others):
    choice = Choice(winner=winner, reason="", candidates=(winner, *others))
    return Attempt(step="1", choice=choice, check=Check(status="rejected", why="no"))


def test_a_better_model_comes_first():
    assert escalate([attempt(SMALL, LARGE)], [LARGE], Settings()).action == "larger"


def test_then_the_same_model_thinks():
    thinker = SMALL.model_copy(update={"thinking": True})
    assert escalate([attempt(SMALL, thinker)], [], Settings()).action == "thinking"


def test_then_it_is_asked_once_more_and_no_oftener():
    assert escalate([attempt(SMALL)], [], Settings()).action == "sample"
    assert escalate([attempt(SMALL), attempt(SMALL)], [], Settings()).action == "stop"


def test_attempts_are_bounded():
    assert escalate([attempt(SMALL)] * 3, [LARGE], Settings()).action == "stop"
    assert escalate([attempt(SMALL)], [LARGE], Settings(escalation={"max_attempts": 1})).action == "stop"
