"""The log observer: what it says of a call, what it never says, and what it leaves to the application."""

import io
import json
import logging

import pytest
import structlog
from conftest import make_router

from qwen_router import Hints, Verdict, hookimpl
from qwen_router.config_monitoring import LogSection
from qwen_router.logs import RequestId, configure
from qwen_router.testing import FakeBackend, Reply

SECRET = "xylophone"


@pytest.fixture
def logged():
    """Configure logging as the command line does, and give what it writes; leave nothing behind."""
    stream = io.StringIO()
    ours, root = logging.getLogger("qwen_router"), logging.getLogger()
    before = ours.level, list(root.handlers)

    def lines(level="info", kind="json"):
        configure(LogSection(level=level, format=kind), stream)
        return lambda: stream.getvalue().splitlines()

    yield lines
    ours.setLevel(before[0])
    root.handlers[:] = before[1]


def test_a_call_is_told_in_json_with_its_id(logged, router):
    read = logged()
    answer = router.invoke("What is the capital of France?")
    told = [json.loads(line) for line in read()]
    assert [line["event"] for line in told] == ["classified", "selected", "loaded", "answered"]
    assert {line["request_id"] for line in told} == {answer.decision.request_id}
    classified, selected, loaded, answered = told
    assert classified["task"] == "general"
    assert selected["model"] == loaded["model"] == answer.decision.choices["1"].winner.model
    assert answered["output_tokens"] == answer.usage.output_tokens
    assert all(line["level"] == "info" and line["seconds"] >= 0 and line["timestamp"] for line in told)


def test_debug_tells_every_step(logged, router):
    read = logged("debug")
    router.invoke("hello")
    assert [json.loads(line)["event"] for line in read()] == [
        "begun", "admitted", "classified", "planned", "selected", "loaded", "lent", "generated", "checked", "composed",
        "answered",
    ]  # fmt: skip


@pytest.mark.parametrize("kind", ["json", "pretty"])
def test_nothing_that_was_said_is_logged(logged, router, backend, kind):
    backend.replies.extend([Reply(f"{SECRET} " * 3, thinking=SECRET), Reply("", error=RuntimeError(SECRET))])
    read = logged("debug", kind)
    router.invoke(f"Say {SECRET}")
    with pytest.raises(RuntimeError):
        router.invoke(f"Say {SECRET} again", hints=Hints(task="general"))
    assert len(read()) > 12
    assert SECRET not in "\n".join(read())
    assert "RuntimeError" in read()[-1]


def test_a_refusal_is_told_by_its_kind(logged, backend, tmp_path):
    class Guard:
        @hookimpl
        def check_request(self):
            return Verdict(action="deny", kind="weekend", why=f"No {SECRET} today.")

    settings = make_router(backend, tmp_path).settings
    from qwen_router import Router

    read = logged()
    with Router(settings, plugins=[backend, Guard()]) as router:
        router.invoke(SECRET)
    (denied, answered) = [json.loads(line) for line in read()]
    assert (denied["event"], denied["kind"], answered["refused"]) == ("denied", "weekend", True)


def test_other_lines_of_a_call_have_its_id(logged, tmp_path):
    class Talking(FakeBackend):
        def load(self, *args):
            logging.getLogger("some.library").warning("I load %s", "100%")
            return super().load(*args)

    read = logged("warning")
    with make_router(Talking(["Qwen/Qwen3-0.6B"]), tmp_path) as router:
        answer = router.invoke("hello")
        logging.getLogger("some.library").warning("after")
    inside, after = [json.loads(line) for line in read()]
    assert (inside["event"], inside["request_id"]) == ("I load 100%", answer.decision.request_id)
    assert (inside["logger"], inside["level"]) == ("some.library", "warning")
    assert "request_id" not in after


def test_a_traceback_is_one_line_of_json_and_shows_no_variables(logged):
    read = logged(kind="json")
    _fail(SECRET)
    (line,) = read()
    assert "ZeroDivisionError" in json.loads(line)["exception"]
    read = logged(kind="pretty")
    _fail(SECRET)
    assert SECRET not in "\n".join(read())


def _fail(secret):
    try:
        1 / (len(secret) - len(secret))
    except ZeroDivisionError:
        logging.getLogger("qwen_router.test").exception("broken")


def test_an_application_configures_logging_itself(backend, tmp_path, caplog):
    root, ours = logging.getLogger(), logging.getLogger("qwen_router")
    before = list(root.handlers), root.level, list(ours.handlers), ours.level, structlog.get_config()
    with make_router(backend, tmp_path, log={"level": "debug", "format": "json"}) as router:
        router.invoke("hello")
        assert (list(root.handlers), root.level, list(ours.handlers), ours.level, structlog.get_config()) == before
        assert caplog.records == []
        with caplog.at_level(logging.INFO, logger="qwen_router.calls"):
            caplog.handler.addFilter(RequestId())
            answer = router.invoke("hello")
    record = caplog.records[-1]
    # Plain text for whoever formats messages alone, attributes for whoever does more.
    assert record.getMessage().startswith(f"answered request_id={answer.decision.request_id} seconds=")
    assert record.request_id == answer.decision.request_id
    assert record.output_tokens == answer.usage.output_tokens


def test_configuring_twice_writes_once(logged):
    read = logged()
    logged()
    logging.getLogger("qwen_router.test").warning("once")
    assert len(read()) == 1
