import json
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qwen_router import ConfigError, Request, Settings
from qwen_router_plugins.guards.pii import check_request
from qwen_router_plugins.guards.pii.finding import find_entities

ROOT = Path(__file__).parents[3]
DATA = Path(os.environ.get("QWEN_ROUTER_DATA", ROOT.parent / "shared" / "data")) / "security" / "pii_dev.jsonl"
KINDS = {
    "CREDIT_CARD": "CARD",
    "EMAIL_ADDRESS": "EMAIL",
    "IBAN_CODE": "IBAN",
    "IP_ADDRESS": "IP",
    "PHONE_NUMBER": "PHONE",
    "US_SSN": "ID",
}
KEY = "0123456789abcdef"
HASH, MASK = Settings(security={"pii": "hash"}), Settings(security={"pii": "mask"})
PEM = "-----BEGIN RSA PRIVATE KEY-----\nMIIEow+/=\n-----END RSA PRIVATE KEY-----"


@pytest.fixture(autouse=True)
def _key(monkeypatch):
    monkeypatch.setenv("QWEN_ROUTER_PII_KEY", KEY)


def found(text):
    return [(entity.kind, text[entity.start : entity.end]) for entity in find_entities(text)]


@pytest.mark.parametrize(
    ("kind", "value", "text"),
    [
        ("EMAIL", "ada.b+c@mail.example.co.uk", "Write to {}."),
        ("EMAIL", "foo@bar.com", "我的邮箱{}谢谢"),
        ("PHONE", "+49 (0)30 901820", "It is {}, I think"),
        ("PHONE", "0489 25 37 29", "a note ({})"),
        ("PHONE", "212-555-0187", "or {}?"),
        ("PHONE", "5551234567", "Call me at {}"),
        ("PHONE", "13812345678", "我的电话{}"),
        ("CARD", "4111 1111 1111 1111", "pay {} 12/27 123"),
        ("CARD", "378282246310005", "{}"),
        ("IBAN", "DE89 3704 0044 0532 0130 00", "to {} today"),
        ("IBAN", "GB28JHYZ70389205223963", "to {}."),
        ("ID", "494-33-0748", "I am {}"),
        ("ID", "12345678Z", "DNI {}"),
        ("ID", "RSSMRA85T10A562S", "{}"),
        ("ID", "36 574 261 809", "Meine Steuer-ID ist {}"),
        ("ID", "390.533.447-05", "CPF {}"),
        ("ID", "AB 12 34 56 C", "NI number {}"),
        ("ID", "360426199101010071", "身份证 {}"),
        ("ID", "2341 2341 2346", "{}"),
        ("IP", "172.61.42.192", "from {}:8080"),
        ("IP", "2001:db8:0:1::17", "from {}"),
        ("SECRET", "AKIAIOSFODNN7EXAMPLE", "key={}"),
        ("SECRET", "ghp_" + "a1B2" * 9, "use {} here"),
        ("SECRET", "sk-proj-abcdefghijklmnopqrstuvwx", '"{}"'),
        ("SECRET", "hunter2hunter2", "my password is {}"),
        ("SECRET", "s3cr3tw0rd", "postgres://me:{}@db.example.com/x"),
        ("PRIVATE_KEY", PEM, "Is\n{}\nsafe?"),
    ],
)
def test_what_is_found(kind, value, text):
    assert found(text.format(value)) == [(kind, value)]


@pytest.mark.parametrize(
    "text",
    [
        "Solve 3x + 7 = 22, 12 - 5, 1,234,567 and 3.14159265358979.",
        "pi = 3.141592653589793238, e = 2.718281828",
        "```text\n12 13 14 5\n11 16 15 6\n```",
        "In 1914-1918 and on 1992-11-12 07:04:41, 6/24/1991, 13.03.1956",
        "std::vector<int> a::b; 10:30:59; 127.0.0.1 and 0.0.0.0; version 1.2.3.4",
        "git clone git@github.com:ada/lovelace.git; @dataclass; a @ b",
        "token = get_token(); password: str; api_key = os.environ['KEY']",
        "sum of 4111111111111112 and 123456789012",
        "uuid 550e8400-e29b-41d4-a716-446655440000, sha 9b74c9897bac770ffc029102a200c5de",
        "ISBN 978-3-16-148410-0",
        "EMAIL_0123456789 and [PHONE]",
    ],
)
def test_what_is_none_of_it(text):
    assert found(text) == []


def test_a_mask_says_the_kind_alone():
    verdict = check_request(Request.of("Mail a@b.org and c@d.org"), MASK)
    assert verdict.messages[0].content == "Mail [EMAIL] and [EMAIL]"
    assert verdict.placeholders == {}


def test_pseudonyms_tell_two_people_apart_in_every_turn():
    first, second = "ada@example.org", "alan@example.org"
    turns = [f"I am {first}", f"and {second}", f"Who is {first.upper()}?"]
    verdict = check_request(Request.of([{"role": "user", "content": t} for t in turns]), HASH)
    told = [m.content.rstrip("?").split()[-1] for m in verdict.messages]
    assert told[0] == told[2] != told[1]
    assert verdict.placeholders == {told[0]: first, told[1]: second}
    again = check_request(Request.of(turns[1]), HASH)
    assert again.messages[0].content.split()[-1] == told[1]


def test_pseudonyms_depend_on_the_key_and_not_on_the_way_of_writing(monkeypatch):
    def told(text):
        return check_request(Request.of(text), HASH).messages[0].content

    assert told("4111 1111 1111 1111") == told("4111111111111111")
    before = told("4111111111111111")
    monkeypatch.setenv("QWEN_ROUTER_PII_KEY", KEY[::-1])
    assert told("4111111111111111") != before


@pytest.mark.parametrize("key", ["", "short"])
def test_without_a_key_nothing_passes(monkeypatch, key):
    monkeypatch.setenv("QWEN_ROUTER_PII_KEY", key)
    with pytest.raises(ConfigError, match="QWEN_ROUTER_PII_KEY"):
        check_request(Request.of("hello"), HASH)


def test_it_is_off_unless_asked_for():
    assert check_request(Request.of("a@b.org"), Settings()) is None


def test_a_record_of_the_verdict_holds_no_value():
    verdict = check_request(Request.of("a@b.org"), HASH)
    assert "a@b.org" not in verdict.model_dump_json() + repr(verdict)


# Pieces of which things are made, so that they meet and touch.
PIECES = st.sampled_from(
    [
        "a@b.org",
        "4111111111111111",
        "+493090182",
        "password: ",
        "ab12cd34e",
        PEM,
        "172.61.42.192",
        "call ",
        "-",
        " ",
        ":",
    ]
)
TEXTS = st.one_of(st.text(alphabet=st.characters(), max_size=200), st.lists(PIECES, max_size=8).map("".join))


@given(TEXTS)
def test_guarding_twice_changes_nothing_more(text):
    for settings in (MASK, Settings(security={"pii": "hash", "pii_key_env": "PATH"})):
        verdict = check_request(Request.of(text), settings)
        if verdict is not None:
            assert check_request(Request.of([*verdict.messages]), settings) is None


@pytest.mark.skipif(
    not DATA.is_file(), reason=f"The rows are not at {DATA}; they aren't shipped. Set QWEN_ROUTER_DATA."
)
def test_precision_and_recall_on_real_forms():
    right = wrong = missed = 0
    for row in map(json.loads, DATA.read_text("utf-8").splitlines()):
        told = {(KINDS[e["type"]], e["start"], e["end"]) for e in row["entities"] if e["type"] in KINDS}
        seen = {(e.kind, e.start, e.end) for e in find_entities(row["text"])}
        right, wrong, missed = right + len(told & seen), wrong + len(seen - told), missed + len(told - seen)
    assert right / (right + missed) >= 0.95
    assert right / (right + wrong) >= 0.95
