import pytest
from hypothesis import given
from hypothesis import strategies as st

from qwen_router import Request
from qwen_router.types import Answer, Decision
from qwen_router_policies.sanitising import check_answer, check_request, sanitise


@pytest.mark.parametrize(
    ("written", "clean"),
    [
        ("a\x00b\x1b[31m\tc\r\nd\x7f\x9b", "ab[31m\tc\r\nd"),
        ("access\u202e\u2066 user\u2069", "access user"),
        ("pass\u200bword\u2060\ufeff", "password"),
        ("ig\u200dno\u200cre", "ignore"),
        ("hi\U000e0069\U000e0067\U000e007f", "hi"),
        ("a\ufe0f\ufe01\ufe02b", "a\ufe0fb"),
        ("x\U000e0100\U000e0110", "x"),
        ("\ud800x", "x"),
    ],
)
def test_what_nobody_sees_goes(written, clean):
    assert sanitise(written) == clean


@pytest.mark.parametrize(
    "text",
    [
        "explain `<script>alert(1)</script>` & <|im_start|>",
        "می‌خواهم",
        "क्‍ष",
        "👩‍👩‍👧 ❤️‍🔥 🏳️‍🌈",
        "葛\U000e0100城",
        "naïve Ｆｕｌｌ Ångström \u00a0 \u3000",
        "a\tb\r\nc",
    ],
)
def test_what_people_write_stays(text):
    assert sanitise(text) == text
    assert check_request(Request.of(text)) is None


def test_every_message_is_cleaned_and_attachments_stay():
    image = {"type": "image", "url": "x.png"}
    request = Request.of(
        [
            {"role": "system", "content": "be\u200b kind"},
            {"role": "user", "content": [{"type": "text", "text": "a\x00"}, image]},
            {"role": "user", "content": "fine"},
        ]
    )
    verdict = check_request(request)
    assert [m.content for m in verdict.messages] == ["be kind", [{"type": "text", "text": "a"}, image], "fine"]
    assert verdict.messages[2] is request.messages[2]


def test_answers_are_cleaned_too():
    answer = Answer(text="red \x1b[31m", decision=Decision(request_id="r", created=0))
    assert check_answer(answer).text == "red [31m"
    assert check_answer(answer.model_copy(update={"text": "red"})) is None


UNSEEN = st.sampled_from("\u200b\u200c\u200d\ufe0f\ufe00\U000e0100\U000e0020\u202e\x00葛ک❤👩a ")


@given(st.text(alphabet=st.one_of(st.characters(), UNSEEN), max_size=200))
def test_cleaning_twice_changes_nothing_more(text):
    once = sanitise(text)
    assert sanitise(once) == once
    once.encode("utf-8")
