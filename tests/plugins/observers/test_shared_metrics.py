"""`qwen-router metrics`: what is measured, and what several processes have measured together."""

import json
import os
import signal
import socket
import subprocess
import sys

import pytest
from conftest import CODER, GENERAL_SMALL, make_router
from fixtures_cli import one_line
from pool_machine import until
from prometheus_client import CollectorRegistry
from prometheus_client.parser import text_string_to_metric_families

from qwen_router import BackendError, Hints, InputError, Verdict, hookimpl
from qwen_router.testing import FakeBackend, Reply
from qwen_router_plugins.observers.metrics.catalogue import METRICS
from qwen_router_plugins.observers.metrics.follower import Follower
from qwen_router_plugins.observers.metrics.meters import Meters

CALL = """
from qwen_router import Hints, Router, load_settings
from qwen_router.testing import FakeBackend
off = {"enabled": False}
settings = load_settings(backends={"llama_cpp": off, "transformers": off, "openai_api": off}, weights={"sources": []})
with Router(settings, plugins=[FakeBackend(["Qwen/Qwen3-0.6B"])]) as router:
    router.invoke("hello", hints=Hints(task="general", thinking=False))
with Router(settings, plugins=[FakeBackend(["Qwen/Qwen3-0.6B"])]) as router:
    router.invoke("hello", hints=Hints(task="general", thinking=False))
"""


@pytest.fixture
def port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def scraped(port):
    import urllib.request

    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
        families = text_string_to_metric_families(answer.read().decode())
        return {(s.name, *sorted(s.labels.items())): s.value for family in families for s in family.samples}


def test_every_metric_is_listed_with_its_labels_and_unit(run):
    told = run("metrics")
    assert told.code == 0
    for metric in METRICS:
        assert metric.name in told.out
    [rate] = [row for row in json.loads(run("metrics", "--json").out) if row["name"] == "qwen_router_tokens_per_second"]
    assert rate["unit"] == "tokens/second"
    assert rate["labels"] == ["model", "precision", "backend"]


def test_the_sum_of_all_processes_that_share_a_directory_is_served(tmp_path, port):
    env = {
        **os.environ,
        "PROMETHEUS_MULTIPROC_DIR": str(tmp_path / "shared"),
        "XDG_STATE_HOME": str(tmp_path / "state"),
    }
    for _ in range(2):
        subprocess.run([sys.executable, "-c", CALL], env=env, check=True)
    command = [sys.executable, "-m", "qwen_router", "metrics", "--port", str(port)]
    with subprocess.Popen(command, env=env, stderr=subprocess.PIPE, text=True) as serving:
        try:
            assert f"http://127.0.0.1:{port}/metrics" in serving.stderr.readline()
            found = scraped(port)
        finally:
            serving.send_signal(signal.SIGINT)
        assert serving.wait(30) == 130
    assert found["qwen_router_requests_total", ("outcome", "answered")] == 4
    assert found["qwen_router_step_seconds_count", ("step", "generate")] == 4


def test_without_a_directory_the_store_of_decisions_tells_from_now_on(tmp_path, port, monkeypatch):
    env = {**os.environ, "XDG_STATE_HOME": str(tmp_path / "state")}
    env.pop("PROMETHEUS_MULTIPROC_DIR", None)
    subprocess.run([sys.executable, "-c", CALL], env=env, check=True)
    command = [sys.executable, "-m", "qwen_router", "metrics", "--port", str(port)]
    with subprocess.Popen(command, env=env, stderr=subprocess.PIPE, text=True) as serving:
        try:
            serving.stderr.readline()
            assert scraped(port)["qwen_router_requests_total", ("outcome", "answered")] == 0
            subprocess.run([sys.executable, "-c", CALL], env=env, check=True)
            until(lambda: scraped(port)["qwen_router_requests_total", ("outcome", "answered")] == 2)
            found = scraped(port)
        finally:
            serving.send_signal(signal.SIGINT)
    labels = {"task": "general", "model": "Qwen/Qwen3-0.6B", "precision": "served", "backend": "fake", "thinking": "no"}
    assert found["qwen_router_decisions_total", *sorted(labels.items())] == 2
    assert found["qwen_router_queue_seconds_count", ("queue", "model")] == 2
    assert found["qwen_router_step_seconds_count", ("step", "select")] == 0


def test_what_became_of_calls_is_counted_of_the_store_as_it_is_of_their_routers(tmp_path, monkeypatch):
    class Guard:
        @hookimpl
        def check_request(self, request):
            return Verdict(action="deny", kind="rude", why="no") if "damn" in request.text else None

    path, registry = tmp_path / "t.sqlite", CollectorRegistry()
    backend, follower = FakeBackend([GENERAL_SMALL, CODER]), Follower(path, Meters(registry))
    with make_router(backend, tmp_path, traces={"path": str(path)}) as router:
        router._services.manager.register(Guard())
        backend.replies.extend([Reply("```python\ndef f(:\n```"), Reply("```python\nx = 1\n```")])
        router.invoke("Write it", hints=Hints(task="code"))
        router.invoke("damn")
        with pytest.raises(InputError):
            router.invoke(" ")
        backend.replies.append(Reply(error=BackendError("broken")))
        with pytest.raises(BackendError):
            router.invoke("hello", hints=Hints(task="general"))
    follower.look()
    follower.look()
    counted = {(s.name, *sorted(s.labels.items())): s.value for f in registry.collect() for s in f.samples}
    assert counted["qwen_router_requests_total", ("outcome", "answered")] == 1
    assert counted["qwen_router_requests_total", ("outcome", "failed")] == 2
    assert counted["qwen_router_refusals_total", ("kind", "rude")] == 1
    assert counted["qwen_router_errors_total", ("fault", "caller"), ("type", "InputError")] == 1
    assert counted["qwen_router_errors_total", ("fault", "router"), ("type", "BackendError")] == 1
    assert counted["qwen_router_escalations_total", ("action", "fix"), ("task", "code")] == 1
    assert counted["qwen_router_checks_total", ("status", "rejected"), ("task", "code")] == 1
    # Another store in its place.
    for file in tmp_path.glob("t.sqlite*"):
        file.unlink()
    with make_router(FakeBackend([GENERAL_SMALL]), tmp_path, traces={"path": str(path)}) as router:
        router.invoke("hello", hints=Hints(task="general"))
    follower.look()
    assert registry.get_sample_value("qwen_router_requests_total", {"outcome": "answered"}) == 2


def test_a_store_that_can_not_be_read_is_said_once(tmp_path, caplog):
    path = tmp_path / "t.sqlite"
    path.write_text("This is no database, and never was one, however long one looks at it." * 20)
    follower = Follower(path, Meters(CollectorRegistry()))
    follower.look()
    assert len([r for r in caplog.records if "aren't counted" in r.getMessage()]) == 1


def test_processes_that_share_nothing_are_an_error_with_all_ways_out(run, port, monkeypatch):
    monkeypatch.delenv("PROMETHEUS_MULTIPROC_DIR", raising=False)
    monkeypatch.setenv("QWEN_ROUTER__TRACES__ENABLED", "false")
    line = one_line(run("metrics", "--port", str(port)), 2)
    assert all(way in line for way in ("PROMETHEUS_MULTIPROC_DIR", "metrics.port", "traces.enabled"))


def test_a_shared_directory_that_can_not_be_made_is_an_error(run, port, monkeypatch, tmp_path):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", str(tmp_path / "file" / "shared"))
    assert "Name another directory" in one_line(run("metrics", "--port", str(port)), 2)


def test_a_shared_directory_that_can_not_be_made_is_said_when_a_router_starts(tmp_path):
    (tmp_path / "file").write_text("")
    env = {**os.environ, "PROMETHEUS_MULTIPROC_DIR": str(tmp_path / "file" / "shared")}
    done = subprocess.run([sys.executable, "-c", CALL], env=env, capture_output=True, text=True)
    assert "ConfigError: PROMETHEUS_MULTIPROC_DIR names" in done.stderr
    assert "Name another directory" in done.stderr


def test_a_taken_port_is_an_error_with_the_option_to_take_another(run, monkeypatch, tmp_path):
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", str(tmp_path))
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        line = one_line(run("metrics", "--port", str(taken.getsockname()[1])), 2)
    assert "in use" in line
    assert "--port" in line


@pytest.mark.parametrize("port", ["0", "70000", "x"])
def test_a_port_that_can_not_be_is_refused(run, port):
    assert run("metrics", "--port", port).code == 2
