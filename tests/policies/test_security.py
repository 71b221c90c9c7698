import pytest
from hypothesis import given
from hypothesis import strategies as st
from langchain_core.messages import AIMessage

from qwen_router import Request, Settings
from qwen_router_policies.security import check_request


def checked(request, **limits):
    return check_request(Request.of(request), Settings(limits=limits))


def user(text):
    return {"role": "user", "content": text}


def test_what_is_within_the_limits_passes():
    assert check_request(Request.of("x" * 65_536), Settings()) is None


@pytest.mark.parametrize(
    ("request_", "limits", "kind", "why"),
    [
        ("x" * 11, {"max_characters": 10}, "length", "The request has 11 characters; 10 are allowed."),
        ([user("x" * 6), user("x" * 6)], {"max_characters": 10}, "length", "The request has 12 characters; 10"),
        (
            [user("x"), user("x" * 6)],
            {"max_message_characters": 5},
            "message_length",
            "Message 2 has 6 characters; 5 are allowed.",
        ),
        ([user("x")] * 3, {"max_turns": 2}, "turns", "The request has 3 messages; 2 are allowed."),
        ("x" * 300, {"max_tokens": 99}, "tokens", "The request has about 116 tokens; 99 are allowed."),
    ],
)
def test_a_denial_states_the_limit_and_the_size(request_, limits, kind, why):
    denied = checked(request_, **limits)
    assert (denied.action, denied.kind) == ("deny", kind)
    assert denied.why.startswith(why)
    assert f"raise limits.{next(iter(limits))}." in denied.fix


def test_the_limits_are_inclusive():
    assert checked("x" * 10, max_characters=10, max_message_characters=10) is None
    assert checked([user("x")] * 2, max_turns=2) is None


def nested(levels):
    made = {}
    for _ in range(levels - 1):
        made = {"a": [made]} if levels % 2 else {"a": made}
    return made


def test_json_that_is_too_deep_is_denied_wherever_it_stands():
    schema = Request.of("x", json_schema={"a": {"b": {"c": 1}}})
    assert check_request(schema, Settings(limits={"max_json_depth": 3})) is None
    assert check_request(schema, Settings(limits={"max_json_depth": 2})).why == (
        "The request has JSON of 3 levels; 2 are allowed."
    )
    call = AIMessage("", tool_calls=[{"name": "f", "args": nested(40), "id": "1"}])
    assert checked([user("x"), call]).kind == "json_depth"
    assert checked([{"role": "user", "content": [{"type": "text", "text": "x", "extras": nested(40)}]}]) is not None


def test_depth_that_would_overflow_a_recursion_is_counted():
    assert check_request(Request.of("x", json_schema=nested(100_001)), Settings()).why.startswith(
        "The request has JSON of 1,000 levels"
    )


@given(st.text(alphabet=st.characters(), max_size=200))
def test_any_text_gets_a_verdict(text):
    verdict = checked(text, max_characters=100)
    assert (verdict is None) == (len(text) <= 100)
