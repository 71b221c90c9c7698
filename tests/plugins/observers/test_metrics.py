"""Prometheus metrics: what is counted, how it is served, and what can't break it."""

import logging
import re
import socket
import subprocess
import sys
import threading
import urllib.request
import weakref
from types import SimpleNamespace

import pytest
from conftest import CODER, GENERAL_SMALL, make_router
from pool_machine import until
from prometheus_client import REGISTRY, CollectorRegistry, generate_latest

from qwen_router import BackendError, Cancelled, Hints, InputError, Status, Verdict, hookimpl
from qwen_router.events import Begun, Denied, Escalated, Evicted, Failed, Loaded
from qwen_router.testing import FakeBackend, Reply
from qwen_router.types import Escalation
from qwen_router_plugins.observers.metrics.catalogue import METRICS
from qwen_router_plugins.observers.metrics.live import Live
from qwen_router_plugins.observers.metrics.meters import Meters

GENERAL = Hints(task="general", thinking=False)


def value(name, registry=REGISTRY, **labels):
    return registry.get_sample_value(name, labels) or 0.0


def text(registry=REGISTRY):
    return generate_latest(registry).decode()


@pytest.fixture
def registry():
    return CollectorRegistry()


@pytest.fixture
def meters(registry):
    return Meters(registry)


@pytest.fixture
def grown():
    """Return what a metric has gained since the test began: the process counts for all its tests."""
    before = {(s.name, *sorted(s.labels.items())): s.value for f in REGISTRY.collect() for s in f.samples}
    return lambda name, **labels: value(name, **labels) - before.get((name, *sorted(labels.items())), 0.0)


@pytest.fixture
def port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def scrape(port):
    # No proxy of the environment stands between.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
        return answer.read().decode()


def test_a_call_is_counted_step_by_step(router, backend, grown):
    backend.replies.append(Reply("one two three", thinking="well then"))
    answer = router.invoke("hello there", hints=Hints(task="general", model=GENERAL_SMALL, thinking=True))
    model = {"model": GENERAL_SMALL, "precision": "served", "backend": "fake"}
    assert grown("qwen_router_requests_total", outcome="answered") == 1
    assert grown("qwen_router_request_seconds_count", outcome="answered") == 1
    assert grown("qwen_router_decisions_total", task="general", thinking="yes", **model) == 1
    assert grown("qwen_router_tokens_total", model=GENERAL_SMALL, kind="thinking") == 2
    assert grown("qwen_router_tokens_total", model=GENERAL_SMALL, kind="answer") == 3
    assert grown("qwen_router_tokens_total", model=GENERAL_SMALL, kind="input") >= 2
    assert grown("qwen_router_time_to_first_token_seconds_count", model=GENERAL_SMALL) == 1
    assert grown("qwen_router_tokens_per_second_count", **model) == 1
    assert grown("qwen_router_load_seconds_count", **model) == 1
    assert grown("qwen_router_checks_total", task="general", status=answer.decision.attempts[0].check.status) == 1
    for queue in ("call", "model"):
        assert grown("qwen_router_queue_seconds_count", queue=queue) == 1
    for step in ("admit", "classify", "plan", "select", "generate", "verify", "compose"):
        assert grown("qwen_router_step_seconds_count", step=step) == 1


def test_rejected_answers_and_what_follows_are_counted(router, backend, grown):
    backend.replies.extend([Reply("```python\ndef f(:\n```"), Reply("```python\nx = 1\n```")])
    router.invoke("Write it", hints=Hints(task="code"))
    assert grown("qwen_router_escalations_total", task="code", action="fix") == 1
    assert grown("qwen_router_checks_total", task="code", status="rejected") == 1
    assert grown("qwen_router_step_seconds_count", step="escalate") == 1
    assert (
        grown(
            "qwen_router_decisions_total", task="code", model=CODER, precision="served", backend="fake", thinking="no"
        )
        == 2
    )


def test_refusals_errors_and_the_callers_own_mistakes_are_told_apart(router, backend, grown):
    class Guard:
        @hookimpl
        def check_request(self, request):
            return Verdict(action="deny", kind="rude", why="no") if "damn" in request.text else None

    router._services.manager.register(Guard())
    assert router.invoke("damn").refused
    backend.replies.append(Reply(error=BackendError("broken")))
    with pytest.raises(BackendError):
        router.invoke("hello", hints=GENERAL)
    with pytest.raises(InputError):
        router.invoke("  ")
    assert grown("qwen_router_refusals_total", kind="rude") == 1
    assert grown("qwen_router_requests_total", outcome="refused") == 1
    assert grown("qwen_router_requests_total", outcome="failed") == 2
    assert grown("qwen_router_errors_total", type="BackendError", fault="router") == 1
    assert grown("qwen_router_errors_total", type="InputError", fault="caller") == 1


def test_what_its_caller_stopped_is_no_error(meters, registry):
    meters.count(Failed("r", 1.0, error=Cancelled("The call was cancelled.")))
    assert value("qwen_router_requests_total", registry, outcome="cancelled") == 1
    assert "qwen_router_errors_total{" not in text(registry)


def test_what_a_router_does_now_is_looked_up(tmp_path):
    hold, backend = threading.Event(), FakeBackend([GENERAL_SMALL])
    backend.replies.append(Reply("one two", wait=hold))
    model = {"model": GENERAL_SMALL, "precision": "served", "backend": "fake", "device": "remote"}
    with make_router(backend, tmp_path) as router:
        calling = threading.Thread(target=router.invoke, args=("hello",), kwargs={"hints": GENERAL})
        calling.start()
        until(lambda: backend.calls)
        assert value("qwen_router_calls_in_progress") == 1
        assert REGISTRY.get_sample_value("qwen_router_model_memory_bytes", model) == 0
        hold.set()
        calling.join(10)
        assert value("qwen_router_calls_in_progress") == 0
    assert REGISTRY.get_sample_value("qwen_router_model_memory_bytes", model) is None
    assert value("qwen_router_resident_memory_bytes") > 10 * 2**20


def test_a_router_that_nobody_closes_can_go():
    class Parts:
        def status(self):
            return Status(calls=3, waiting=0, loaded=(), faults={})

    live, parts = Live(), Parts()
    live.add(parts.status)
    registry = CollectorRegistry()
    registry.register(live)
    assert value("qwen_router_calls_in_progress", registry) == 3
    gone = weakref.ref(parts)
    del parts
    assert gone() is None
    assert value("qwen_router_calls_in_progress", registry) == 0


def test_faults_of_observers_stay_counted_when_their_router_is_closed(tmp_path, grown):
    class Broken:
        @hookimpl
        def observe(self, event):
            raise RuntimeError("no disk")

    with make_router(FakeBackend([GENERAL_SMALL]), tmp_path) as router:
        router._services.manager.register(Broken(), name="broken")
        router.invoke("hello", hints=GENERAL)
        counted = grown("qwen_router_observer_faults_total", observer="broken")
    assert counted == grown("qwen_router_observer_faults_total", observer="broken") - 1 >= 10


def test_routers_of_one_process_share_a_port_until_the_last_is_closed(tmp_path, port):
    metrics = {"port": port}
    with make_router(FakeBackend([GENERAL_SMALL]), tmp_path, metrics=metrics):
        with make_router(FakeBackend([GENERAL_SMALL]), tmp_path, metrics=metrics) as second:
            second.invoke("hello", hints=GENERAL)
        assert 'qwen_router_requests_total{outcome="answered"}' in scrape(port)
    with pytest.raises(OSError, match="refused"):
        scrape(port)


def test_a_taken_port_is_said_once_and_the_router_works(tmp_path, caplog):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        metrics = {"port": taken.getsockname()[1]}
        with (
            make_router(FakeBackend([GENERAL_SMALL]), tmp_path, metrics=metrics) as router,
            make_router(FakeBackend([GENERAL_SMALL]), tmp_path, metrics=metrics),
        ):
            assert router.invoke("hello", hints=GENERAL).text == "hello"
    [said] = [r.getMessage() for r in caplog.records if r.levelno >= logging.WARNING]
    assert "in use" in said
    assert "set metrics.port to another" in said


def test_a_command_serves_nothing(tmp_path, monkeypatch, port):
    from qwen_router.cli.console import open_router

    monkeypatch.setenv("QWEN_ROUTER__METRICS__PORT", str(port))
    with open_router(None), pytest.raises(OSError, match="refused"):
        scrape(port)


@pytest.mark.parametrize("word", ["x" * 10_000, "\ud800"], ids=["long", "half a surrogate pair"])
def test_a_label_that_can_not_be_sent_becomes_other(meters, registry, word):
    meters.count(Denied("r", verdict=Verdict(action="deny", kind=word)))
    assert value("qwen_router_refusals_total", registry, kind="other") == 1
    assert len(text(registry)) < 20_000


def test_labels_are_bounded_however_many_words_come(meters, registry):
    for n in range(10_000):
        meters.count(Denied("r", verdict=Verdict(action="deny", kind=f"kind {n}")))
        meters.count(
            Escalated("r", step="1", attempt=1, task=f"t{n % 97}", escalation=Escalation(action="stop", why=""))
        )
    series = re.findall(r"^qwen_router_refusals_total\{", text(registry), re.M)
    assert len(series) <= 65
    assert value("qwen_router_refusals_total", registry, kind="other") == 10_000 - 64


def test_all_combinations_of_labels_together_are_bounded(meters, registry):
    for model in range(60):
        for precision in range(60):
            meters.count(
                Loaded(
                    "r", 1.0, model=f"m{model}", precision=f"p{precision}", backend="b", device="cpu", memory_bytes=1
                )
            )
    assert len(re.findall(r"^qwen_router_load_seconds_count", text(registry), re.M)) <= 1001
    other = {"model": "other", "precision": "other", "backend": "other"}
    assert value("qwen_router_load_seconds_count", registry, **other) == 3600 - 1000


def test_a_clock_that_jumps_back_takes_nothing_away(meters, registry):
    meters.count(Begun("r", 2.0))
    meters.count(Begun("r", -3600.0))
    assert value("qwen_router_queue_seconds_sum", registry, queue="call") == 2.0
    assert value("qwen_router_queue_seconds_count", registry, queue="call") == 2.0


def test_evictions_are_counted_by_their_reason(meters, registry):
    meters.count(Evicted("", model="m", precision="p", backend="b", device="cpu", why="room"))
    assert value("qwen_router_evictions_total", registry, model="m", reason="room") == 1


def test_what_torch_holds_of_accelerators_is_told_only_where_it_is_in_use(router, monkeypatch):
    cuda = SimpleNamespace(is_initialized=lambda: True, device_count=lambda: 2, memory_reserved=lambda i: 100 + i)
    mps = SimpleNamespace(driver_allocated_memory=lambda: 7)
    backends = SimpleNamespace(mps=SimpleNamespace(is_available=lambda: True))
    monkeypatch.setitem(sys.modules, "torch", SimpleNamespace(cuda=cuda, mps=mps, backends=backends))
    held = {device: value("qwen_router_gpu_memory_bytes", device=device) for device in ("cuda:0", "cuda:1", "mps")}
    assert held == {"cuda:0": 100, "cuda:1": 101, "mps": 7}
    # Another thread is in the middle of importing it.
    monkeypatch.setitem(sys.modules, "torch", SimpleNamespace())
    assert value("qwen_router_gpu_memory_bytes", device="cuda:0") == 0
    monkeypatch.delitem(sys.modules, "torch")
    assert value("qwen_router_gpu_memory_bytes", device="cuda:0") == 0


def test_importing_the_router_brings_no_metrics_library():
    code = "import sys, qwen_router, qwen_router_plugins.observers.metrics; print('prometheus_client' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.strip() == "False"


def test_the_names_and_labels_of_all_metrics_are_as_promised(registry):
    Meters(registry)
    assert {metric.name: metric.labels for metric in METRICS} == {
        "qwen_router_calls_in_progress": (),
        "qwen_router_checks_total": ("task", "status"),
        "qwen_router_decisions_total": ("task", "model", "precision", "backend", "thinking"),
        "qwen_router_errors_total": ("type", "fault"),
        "qwen_router_escalations_total": ("task", "action"),
        "qwen_router_evictions_total": ("model", "reason"),
        "qwen_router_gpu_memory_bytes": ("device",),
        "qwen_router_load_seconds": ("model", "precision", "backend"),
        "qwen_router_model_memory_bytes": ("model", "precision", "backend", "device"),
        "qwen_router_observer_faults_total": ("observer",),
        "qwen_router_queue_depth": (),
        "qwen_router_queue_seconds": ("queue",),
        "qwen_router_refusals_total": ("kind",),
        "qwen_router_request_seconds": ("outcome",),
        "qwen_router_requests_total": ("outcome",),
        "qwen_router_resident_memory_bytes": (),
        "qwen_router_step_seconds": ("step",),
        "qwen_router_telemetry_lost_total": ("reason",),
        "qwen_router_time_to_first_token_seconds": ("model",),
        "qwen_router_tokens_per_second": ("model", "precision", "backend"),
        "qwen_router_tokens_total": ("model", "kind"),
    }
    described = {family.name for family in registry.collect()}
    assert described == {m.name.removesuffix("_total") for m in METRICS if m.kind != "gauge"} - {
        "qwen_router_observer_faults",
        "qwen_router_telemetry_lost",
    }
