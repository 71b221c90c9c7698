import pytest

from qwen_router import MediaError, Request, Settings, Verdict, guards, hookimpl
from qwen_router.manager import build_manager
from qwen_router.types import Answer, Decision

SETTINGS = Settings()


def plugin(verdict):
    class Guard:
        @hookimpl
        def check_request(self, request):
            return verdict(request) if callable(verdict) else verdict

        @hookimpl
        def check_answer(self, answer):
            return verdict(answer) if callable(verdict) else verdict

    return Guard()


def manager(*verdicts):
    made = build_manager(SETTINGS)
    for i, verdict in enumerate(verdicts):
        made.register(plugin(verdict), name=f"guard{i}")
    return made


def rewrite(suffix):
    return lambda seen: Verdict(action="rewrite", kind="test", text=seen.text + suffix)


def boom(_):
    raise RuntimeError("broken")


ALLOW = Verdict(action="allow")
DENY = Verdict(action="deny", kind="test", why="no")
ANSWER = Answer(text="yes", decision=Decision(request_id="r", created=0))


def test_any_deny_wins():
    request, denied = guards.check_request(manager(ALLOW, DENY, ALLOW), Request.of("hi"), SETTINGS)
    assert denied == DENY
    assert guards.check_answer(manager(ALLOW, DENY), request, ANSWER, SETTINGS)[1] == DENY


def test_abstaining_guards_let_pass():
    assert guards.check_request(manager(None, ALLOW), Request.of("hi"), SETTINGS)[1] is None


def test_a_guard_that_raises_denies_and_is_named(caplog):
    _, denied = guards.check_request(manager(boom), Request.of("hi"), SETTINGS)
    assert denied.action == "deny"
    assert "guard0" in denied.why
    assert "broken" in caplog.text


def test_a_guard_that_returns_nonsense_denies():
    _, denied = guards.check_request(manager(lambda _: "fine"), Request.of("hi"), SETTINGS)
    assert denied.kind == "guard_failed"


def test_what_can_not_be_read_is_the_callers_mistake():
    def unreadable(_):
        raise MediaError("x.png is not an image.", "Send one.")

    with pytest.raises(MediaError):
        guards.check_request(manager(unreadable), Request.of("hi"), SETTINGS)


def test_rewrites_are_applied_in_the_order_of_registration():
    made = manager(rewrite("1"), rewrite("2"))
    assert guards.check_request(made, Request.of("hi"), SETTINGS)[0].text == "hi12"
    assert guards.check_answer(made, Request.of("hi"), ANSWER, SETTINGS)[0].text == "yes12"
