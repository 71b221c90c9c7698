"""Takes characters out of a text that nobody sees and that have no business in it."""

from __future__ import annotations

import re

from qwen_router import Answer, Request, Verdict, hookimpl

# Always out: control characters but tab, line feed and carriage return, which drive terminals; surrogates and
# noncharacters, which no UTF-8 text holds; what reorders a text for its reader alone (https://trojansource.codes);
# what has no width; tag characters, which spell out ASCII that only a model sees; and marks of annotations.
_UNSEEN = re.compile(
    "["
    r"\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f"
    r"\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff"
    r"\u200e\u200f\u061c\u202a-\u202e\u2066-\u206f"
    r"\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b\u2060-\u2065\u3164\ufeff\uffa0\ufff0-\ufffb"
    r"\U000e0000-\U000e00ff\U000e01f0-\U000e0fff"
    "]"
)
# These two shape Arabic, Persian and the scripts of India, and join the parts of an emoji. Nothing else needs them.
_JOINED = (
    r"\u0600-\u08ff\u0900-\u0dff\u0f00-\u109f\u1780-\u18af\ufb50-\ufdff\ufe70-\ufefc\u2190-\u2bff\ufe0f"
    r"\U0001f000-\U0001faff"
)
_STRAY_JOINER = re.compile(rf"(?<![{_JOINED}])[\u200c\u200d]|[\u200c\u200d](?=[\u200c\u200d])")
# One selector may choose the form of a character. Strings of them carry bytes; those of the second block belong to Han.
_SELECTOR = r"\ufe00-\ufe0f\U000e0100-\U000e01ef"
_STRAY_SELECTOR = re.compile(
    rf"(?<=[{_SELECTOR}\s])[{_SELECTOR}]|\A[{_SELECTOR}]"
    r"|(?<![\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff])[\U000e0100-\U000e01ef]"
)


@hookimpl
def check_request(request: Request) -> Verdict | None:
    """Take out of every message what nobody sees. What everybody sees stays, `<script>` and its like included."""
    clean = request.with_texts(sanitise)
    if clean is request:
        return None
    why = "Characters that nobody sees were taken out."
    return Verdict(action="rewrite", kind="unseen_characters", why=why, text=clean.text, messages=clean.messages)


@hookimpl
def check_answer(answer: Answer) -> Verdict | None:
    """Take the same out of the answer."""
    clean = sanitise(answer.text)
    if clean == answer.text:
        return None
    why = "Characters that nobody sees were taken out."
    return Verdict(action="rewrite", kind="unseen_characters", why=why, text=clean)


def sanitise(text: str) -> str:
    """Return the text without unseen characters; a second time changes nothing."""
    text = _UNSEEN.sub("", text)
    if text.isascii():
        return text
    while True:
        # What is taken out may leave a joiner or a selector behind that is stray now.
        clean = _STRAY_SELECTOR.sub("", _STRAY_JOINER.sub("", text))
        if clean == text:
            return text
        text = clean
