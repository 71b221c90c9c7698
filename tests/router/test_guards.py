import pytest
from hypothesis import given
from hypothesis import strategies as st

from qwen_router import Hints, MediaError, Request, Settings, Verdict, guards, hookimpl
from qwen_router.manager import build_manager
from qwen_router.types import Answer, Decision, Usage

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
    request, denied, _ = guards.check_request(manager(ALLOW, DENY, ALLOW), Request.of("hi"), SETTINGS)
    assert denied == DENY
    assert guards.check_answer(manager(ALLOW, DENY), request, ANSWER, SETTINGS)[1] == DENY


def test_abstaining_guards_let_pass():
    assert guards.check_request(manager(None, ALLOW), Request.of("hi"), SETTINGS)[1] is None


def test_a_guard_that_raises_denies_and_is_named(caplog):
    _, denied, _ = guards.check_request(manager(boom), Request.of("hi"), SETTINGS)
    assert denied.action == "deny"
    assert "guard0" in denied.why
    assert "broken" in caplog.text


def test_a_guard_that_returns_nonsense_denies():
    _, denied, _ = guards.check_request(manager(lambda _: "fine"), Request.of("hi"), SETTINGS)
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


def conversation(*texts):
    return Request.of([{"role": "user", "content": text} for text in texts])


def test_a_guard_may_rewrite_every_turn():
    def shout(request):
        return Verdict(action="rewrite", messages=request.with_texts(str.upper).messages, placeholders={"A": "a"})

    request, *_ = guards.check_request(manager(shout), conversation("one", "two"), SETTINGS)
    assert [m.content for m in request.messages] == ["ONE", "TWO"]
    assert request.placeholders == {"A": "a"}
    assert "placeholders" not in request.model_dump()


def required(*names):
    return Settings(security={"required_guards": names})


@pytest.mark.parametrize(("verdict", "passes"), [(ALLOW, True), (rewrite("!"), True), (None, False)])
def test_a_required_guard_must_say_something(verdict, passes):
    settings = required("guard0")
    _, denied, _ = guards.check_request(manager(verdict), Request.of("hi"), settings)
    assert (denied is None) == passes
    _, denied = guards.check_answer(manager(verdict), Request.of("hi"), ANSWER, settings)
    assert (denied is None) == passes
    if denied is not None:
        assert denied.why == "The required guard guard0 gave no verdict, so the call is denied."


def test_a_required_guard_that_is_not_there_denies_requests():
    _, denied, _ = guards.check_request(manager(ALLOW), Request.of("hi"), required("guard0", "elsewhere"))
    assert denied.kind == "guard_missing"
    assert "elsewhere" in denied.why


def test_a_guard_that_fails_to_settle_keeps_it_from_no_other(caplog):
    seen = []

    class Settling:
        def __init__(self, fault=None):
            self.fault = fault

        @hookimpl
        def settle(self, request, usage):
            if self.fault:
                raise self.fault
            seen.append((request.text, usage.output_tokens))

    made = build_manager(SETTINGS, [Settling(RuntimeError("broken"))])
    made.register(Settling(), name="other")
    guards.settle(made, Request.of("hi"), None, Usage(output_tokens=3), SETTINGS)
    assert seen == [("hi", 3)]
    assert "broken" in caplog.text


def test_what_a_person_asks_about_reaches_the_model_as_it_is(router, backend):
    asked = "Explain `<script>alert(1)</script>` & <|im_start|>"
    router.invoke(asked, hints=Hints(task="code"))
    assert asked in backend.calls[-1].messages[-1].text


EVERYTHING = Settings(
    # Any variable that is set and long will do for a key.
    security={"pii": "hash", "pii_key_env": "PATH"},
    quota={"user": {"requests_per_minute": 10**6, "concurrent": 10**6, "input_tokens_per_minute": 10**9}},
)
BUILT_IN = build_manager(EVERYTHING)


@given(st.lists(st.text(alphabet=st.characters(), max_size=80), min_size=1, max_size=3), st.text(st.characters()))
def test_any_text_passes_the_built_in_guards_and_a_second_time_unchanged(texts, user):
    once, denied, _ = guards.check_request(BUILT_IN, conversation(*texts).model_copy(update={"user": user}), EVERYTHING)
    assert denied is None
    twice, denied, _ = guards.check_request(BUILT_IN, once, EVERYTHING)
    assert denied is None
    assert twice.messages == once.messages
    answer = ANSWER.model_copy(update={"text": once.text})
    checked, denied = guards.check_answer(BUILT_IN, once, answer, EVERYTHING)
    assert denied is None
    assert guards.check_answer(BUILT_IN, once, checked, EVERYTHING)[0] == checked
