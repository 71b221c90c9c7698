"""OpenTelemetry spans, as a real collector on this machine gets them."""

import json
import logging
import socket
import subprocess
import sys
import threading

import pytest
from conftest import CODER, GENERAL_LARGE, GENERAL_SMALL, Reply, make_router
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult
from otlp_collector import collecting, said

from qwen_router import BackendError, ConfigError, Hints, Request, Router, Settings, Verdict, hookimpl
from qwen_router.events import Admitted, Answered, Begun, Loaded
from qwen_router.testing import FakeBackend
from qwen_router.types import Answer, Decision
from qwen_router_plugins.observers.telemetry import lost
from qwen_router_plugins.observers.telemetry.call import CallEvents
from qwen_router_plugins.observers.telemetry.outbox import Outbox

GENERAL = Hints(task="general", thinking=False)
ROOT = "invoke_workflow qwen-router"
OK = 200


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch):
    monkeypatch.setenv("NO_PROXY", "*")
    # A try is given up soon.
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_TIMEOUT", "0.2")


@pytest.fixture
def collector():
    with collecting() as made:
        yield made


@pytest.fixture
def backend():
    return FakeBackend([GENERAL_SMALL, GENERAL_LARGE, CODER])


@pytest.fixture
def sending(collector, backend, tmp_path):
    """Return a function that makes a router which sends spans; closing it sends the last."""
    return lambda **more: make_router(backend, tmp_path, telemetry={"endpoint": collector.endpoint, **more})


@pytest.fixture
def dead_endpoint():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{probe.getsockname()[1]}"


def said_aloud(caplog):
    return [r.getMessage() for r in caplog.records if r.levelno >= logging.WARNING]


def test_a_call_is_one_span_and_each_of_its_steps_one_within(collector, sending, backend):
    backend.replies.append(Reply("one two three", thinking="well then"))
    request = Request.of("hello there", hints=Hints(task="general", model=GENERAL_LARGE, thinking=True), thread="t")
    with sending() as router:
        router.invoke(request)
    [root] = collector.named(ROOT)
    steps = [span for span in collector.spans if span is not root and span.name != ROOT]
    assert [s.name for s in steps] == [
        "admit", "classify", "plan", "select", "load", "wait", f"chat {GENERAL_LARGE}", "verify", "compose",
    ]  # fmt: skip
    assert {s.trace_id for s in steps} == {root.trace_id}
    assert {s.parent_span_id for s in steps} == {root.span_id}
    assert all(
        root.start_time_unix_nano <= s.start_time_unix_nano <= s.end_time_unix_nano <= root.end_time_unix_nano
        for s in steps
    )
    whole = said(root)
    assert whole["gen_ai.operation.name"] == "invoke_workflow"
    assert whole["gen_ai.conversation.id"] == "t"
    assert whole["qwen_router.request_id"] == request.id
    assert whole["qwen_router.outcome"] == "answered"
    assert collector.resource["service.name"] == "qwen-router"
    assert collector.paths == ["/v1/traces"]


def test_the_span_of_a_model_follows_the_conventions_for_generative_ai(collector, sending, backend):
    backend.replies.append(Reply("one two three", thinking="well then"))
    with sending() as router:
        router.invoke("hello there", hints=Hints(task="general", model=GENERAL_LARGE, thinking=True))
    [chat] = collector.named(f"chat {GENERAL_LARGE}")
    told = said(chat)
    assert told["gen_ai.operation.name"] == "chat"
    assert told["gen_ai.provider.name"] == "fake"
    assert told["gen_ai.request.model"] == told["gen_ai.response.model"] == GENERAL_LARGE
    assert (told["gen_ai.usage.output_tokens"], told["gen_ai.usage.reasoning.output_tokens"]) == (5, 2)
    assert told["gen_ai.usage.input_tokens"] >= 2
    assert told["gen_ai.response.finish_reasons"] == ["stop"]
    assert 0 < told["gen_ai.response.time_to_first_chunk"] < 60
    assert (told["qwen_router.precision"], told["qwen_router.thinking"]) == ("served", True)
    # It answers elsewhere: SPAN_KIND_CLIENT.
    assert chat.kind == 3


def test_each_attempt_has_its_spans(collector, sending, backend):
    backend.replies.extend([Reply("```python\ndef f(:\n```"), Reply("```python\nx = 1\n```")])
    with sending() as router:
        router.invoke("Write it", hints=Hints(task="code"))
    assert [said(s)["qwen_router.attempt"] for s in collector.named(f"chat {CODER}")] == [1, 2]
    assert said(collector.named("escalate")[0])["qwen_router.escalation"] == "fix"
    assert [said(s)["qwen_router.check"] for s in collector.named("verify")] == ["rejected", "accepted"]


def test_nothing_that_was_said_is_sent_unless_asked_for(collector, sending, backend):
    backend.replies.append(Reply("Your PASSPHRASE is safe", thinking="PONDERING"))
    with sending() as router:
        router.invoke("keep my SECRET", hints=Hints(task="general", model=GENERAL_LARGE, thinking=True))
    sent = b"".join(collector.bodies)
    assert b"compose" in sent
    assert not any(word in sent for word in (b"SECRET", b"PASSPHRASE", b"PONDERING"))


def test_what_was_said_is_sent_where_the_operator_asks_for_it(collector, sending, backend):
    backend.replies.append(Reply("Servus, Welt", thinking="hm"))
    image = {"type": "image", "base64": "aGFsbG8=", "mime_type": "image/png"}
    heard = [("system", "Be brief."), ("user", "Grüß Gott")]
    with sending(content=True) as router:
        router.invoke(heard, hints=Hints(task="general", model=GENERAL_LARGE, thinking=True))
    [root], [chat] = collector.named(ROOT), collector.named(f"chat {GENERAL_LARGE}")
    assert json.loads(said(root)["gen_ai.input.messages"]) == [
        {"role": "system", "parts": [{"type": "text", "content": "Be brief."}]},
        {"role": "user", "parts": [{"type": "text", "content": "Grüß Gott"}]},
    ]
    [answer] = json.loads(said(chat)["gen_ai.output.messages"])
    assert answer["parts"] == [{"type": "reasoning", "content": "hm"}, {"type": "text", "content": "Servus, Welt"}]
    assert said(root)["gen_ai.output.messages"] == said(chat)["gen_ai.output.messages"]

    from qwen_router_plugins.observers.telemetry.content import input_messages

    [message] = json.loads(input_messages(Request.of([{"role": "user", "content": [image]}])))
    assert message["parts"] == [{"type": "blob", "modality": "image"}]


def test_a_failed_call_says_the_kind_of_error_and_not_its_words(collector, sending, backend):
    backend.replies.append(Reply(error=BackendError("broken while at SECRET")))
    with sending() as router, pytest.raises(BackendError):
        router.invoke("hello", hints=GENERAL)
    [root] = collector.named(ROOT)
    assert said(root)["error.type"] == "BackendError"
    assert root.status.code == 2
    assert b"SECRET" not in b"".join(collector.bodies)


def test_a_refused_call_is_no_error(collector, sending):
    class Guard:
        @hookimpl
        def check_request(self, request):
            return Verdict(action="deny", kind="rude", why="no")

    with sending() as router:
        router._services.manager.register(Guard())
        router.invoke("hello")
    [root] = collector.named(ROOT)
    assert (said(root)["qwen_router.denied"], said(root)["qwen_router.outcome"]) == ("rude", "refused")
    assert root.status.code == 0
    assert [e.name for e in root.events] == ["denied"]


def test_the_callers_own_trace_goes_on(collector, sending):
    with sending() as router, TracerProvider().get_tracer("app").start_as_current_span("app") as caller:
        router.invoke("hello", hints=GENERAL)
        list(router.stream("hello", hints=GENERAL))
    roots = collector.named(ROOT)
    assert {int.from_bytes(r.parent_span_id) for r in roots} == {caller.get_span_context().span_id}
    assert len(roots) == 2


def test_what_a_caller_does_not_sample_is_not_sent(collector, sending):
    from opentelemetry.sdk.trace.sampling import ALWAYS_OFF

    with sending() as router:
        with TracerProvider(sampler=ALWAYS_OFF).get_tracer("app").start_as_current_span("app"):
            router.invoke("hello", hints=GENERAL)
        router.invoke("hello", hints=GENERAL)
    assert len(collector.named(ROOT)) == 1


def test_a_load_before_any_call_has_a_span_of_its_own(collector, backend):
    provider, seen = TracerProvider(), Kept()
    outbox = Outbox(provider, seen, content=False, on_loss=print)
    alone = CallEvents()
    alone.add(Loaded("", 2.0, model="m", precision="p", backend="b", device="cpu", memory_bytes=1))
    outbox.put(alone)
    outbox.close(10)
    [span] = seen.spans
    assert span.name == "load"
    assert span.end_time - span.start_time == 2e9


def test_a_collector_that_is_down_is_said_once_and_counted(sending, collector, caplog, dead_endpoint):
    before = lost.counts().get("not_sent", 0)
    with sending(endpoint=dead_endpoint) as router:
        assert router.invoke("hello", hints=GENERAL).text == "hello"
        assert router.invoke("again", hints=GENERAL).text == "again"
    [warning] = said_aloud(caplog)
    assert f"collector at {dead_endpoint} (" in warning
    assert "mend telemetry.endpoint" in warning
    assert lost.counts()["not_sent"] == before + 2


def test_a_collector_that_refuses_is_said_with_its_reason(sending, collector, caplog):
    collector.status = 404
    with sending() as router:
        router.invoke("hello", hints=GENERAL)
    [warning] = said_aloud(caplog)
    assert "404" in warning


def test_a_collector_that_never_answers_holds_up_neither_calls_nor_the_end(sending, collector, caplog):
    collector.hold.clear()
    with sending() as router:
        answers = [router.invoke(f"question {n}", hints=GENERAL).text for n in range(3)]
    assert answers == ["question 0", "question 1", "question 2"]
    assert len(said_aloud(caplog)) == 1


class Kept(SpanExporter):
    """Keeps spans, and waits before it does."""

    def __init__(self):
        self.spans, self.go = [], threading.Event()
        self.go.set()
        self.busy = threading.Event()

    def export(self, spans):
        self.busy.set()
        self.go.wait(30)
        self.spans += spans
        return SpanExportResult.SUCCESS

    def shutdown(self):
        """Have nothing to close."""


def a_call(n=0, *, seconds=0.001):
    call = CallEvents()
    decision = Decision(request_id=f"r{n}", created=0.0)
    call.add(Begun(f"r{n}"))
    call.add(Answered(f"r{n}", seconds, answer=Answer(text="x", decision=decision)))
    return call


def test_too_many_waiting_calls_are_dropped_and_counted(caplog):
    losses, seen, before = [], Kept(), lost.counts().get("queue_full", 0)
    seen.go.clear()
    outbox = Outbox(TracerProvider(), seen, content=False, on_loss=losses.append)
    outbox.put(a_call())
    seen.busy.wait(30)
    for n in range(1, 1000):
        outbox.put(a_call(n))
    dropped = lost.counts()["queue_full"] - before
    # One was on its way, 256 wait.
    assert dropped == len(losses) == 1000 - 1 - 256
    seen.go.set()
    outbox.close(30)
    assert len(seen.spans) == 257


def test_what_can_not_be_made_a_span_is_counted_and_the_rest_goes_on():
    losses, seen = [], Kept()
    outbox = Outbox(TracerProvider(), seen, content=True, on_loss=losses.append)
    outbox.put(CallEvents())
    outbox.close(30)
    assert losses == ["not_sent"]


def test_half_a_surrogate_pair_does_not_keep_a_batch_from_being_sent(collector, sending):
    with sending(content=True) as router:
        router.invoke("hello", hints=GENERAL, thread="t\ud800")
    [root] = collector.named(ROOT)
    assert said(root)["gen_ai.conversation.id"] == "t?"


def test_a_clock_that_jumps_back_makes_no_negative_span():
    seen = Kept()
    outbox = Outbox(TracerProvider(), seen, content=False, on_loss=print)
    call = CallEvents()
    call.add(Begun("r", at=2e9))
    call.add(Admitted("r", -5.0, at=1e9, request=Request.of("hello")))
    call.add(Answered("r", 0.1, at=1e9, answer=Answer(text="x", decision=Decision(request_id="r", created=0.0))))
    outbox.put(call)
    outbox.close(30)
    assert len(seen.spans) == 2
    assert all(span.end_time >= span.start_time for span in seen.spans)


@pytest.mark.parametrize("endpoint", ["localhost:4318", "collector", "ftp://collector", "http://"])
def test_an_endpoint_that_is_no_address_is_said_at_the_start(endpoint):
    with pytest.raises(ConfigError, match=r"no address.*http://localhost:4318"):
        Router(Settings(telemetry={"endpoint": endpoint}))


def test_a_missing_package_is_said_at_the_start_with_the_command(monkeypatch):
    monkeypatch.setitem(sys.modules, "opentelemetry.exporter.otlp.proto.http", None)
    monkeypatch.delitem(sys.modules, "qwen_router_plugins.observers.telemetry.collector", raising=False)
    with pytest.raises(ConfigError, match=r"pip install 'qwen-router\[otel\]'"):
        Router(Settings(telemetry={"endpoint": "http://localhost:4318"}))


def test_without_an_endpoint_nothing_of_it_is_imported():
    home = "qwen_router_plugins.observers.telemetry"
    code = f"import sys; from qwen_router import Router; Router().close(); print('{home}.collector' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
