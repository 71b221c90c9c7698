from hypothesis import given
from hypothesis import strategies as st

from qwen_router import Request, Settings
from qwen_router_policies.security import check_request

SHORT = Settings(limits={"max_characters": 10})


def test_the_limit_is_inclusive_and_counts_every_message():
    assert check_request(Request.of("x" * 10), SHORT) is None
    denied = check_request(Request.of("x" * 11), SHORT)
    assert (denied.action, denied.kind) == ("deny", "length")
    assert denied.why == "The request has 11 characters; 10 are allowed."
    two = Request.of([{"role": "user", "content": "x" * 6}, {"role": "user", "content": "x" * 6}])
    assert check_request(two, SHORT).action == "deny"


def test_control_characters_go_and_white_space_stays():
    verdict = check_request(Request.of("a\x00b\x1b[31m\tc\r\nd"), Settings())
    assert verdict.text == "ab[31m\tc\r\nd"


@given(st.text(alphabet=st.characters(), max_size=200))
def test_guarding_twice_changes_nothing_more(text):
    verdict = check_request(Request.of(text), Settings())
    if verdict is not None:
        assert check_request(Request.of(verdict.text), Settings()) is None
