"""How a router is: what is looked at, what counts as bad, and what is recommended."""

import pytest
from conftest import CODER, GENERAL_SMALL, make_router

from qwen_router import (
    BackendError,
    Cancelled,
    Finding,
    Health,
    Hints,
    InputError,
    NoModelFits,
    Request,
    Resources,
    Router,
    Settings,
    Verdict,
    hookimpl,
)
from qwen_router.health.calls import look_at_calls
from qwen_router.health.recent import SECONDS, Ended, Recent
from qwen_router.testing import FakeBackend, Reply
from qwen_router.types import Answer, Decision, Timings, Usage

LIMITS = Settings().health


def by_check(health):
    return {f"{f.check} {f.subject}".strip(): f for f in health.findings}


def test_a_fresh_router_is_healthy_and_no_model_was_asked(router, backend):
    health = router.health()
    assert (health.status, health.calls, health.deep) == ("healthy", 0, False)
    found = by_check(health)
    assert set(found) == {"models", "queue", "memory", "disk"}
    assert "A plain request takes Qwen3-0.6B served on fake." in found["models"].measured
    assert all(f.measured and not f.recommendation for f in found.values())
    assert backend.calls == backend.loaded == []
    assert Health.model_validate_json(health.model_dump_json()) == health


def test_calls_are_counted_and_measured(router, backend):
    backend.replies.extend([Reply("one two " * 20)] * 3)
    for _ in range(3):
        router.invoke("hello")
    health = router.health()
    found = by_check(health)
    assert (health.status, health.calls) == ("healthy", 3)
    assert found["errors"].measured == "0 of 3 calls in the last 15 minutes failed."
    assert "median of 3 answers" in found["latency"].measured
    assert found["latency"].value > 0
    assert found["speed"].unit == "tokens/s"


def test_when_most_calls_fail_the_router_is_unhealthy(router, backend):
    backend.replies.extend([Reply("fine")] * 2 + [Reply(error=BackendError("No more."))] * 4)
    for at in range(6):
        if at < 2:
            router.invoke("hello")
        else:
            with pytest.raises(BackendError):
                router.invoke("hello")
    found = by_check(router.health())["errors"]
    assert found.status == "unhealthy"
    assert found.measured == "4 of 6 calls in the last 15 minutes failed, most often with BackendError."
    assert found.recommendation


def test_the_callers_mistakes_and_wishes_are_no_faults(router):
    for _ in range(5):
        with pytest.raises(InputError):
            router.invoke("hello", hints=Hints(task="law"))
    health = router.health()
    assert (health.status, health.calls) == ("healthy", 5)
    assert by_check(health)["errors"].value == 0


def test_async_and_streamed_calls_count_too(router):
    import asyncio

    list(router.stream("hello"))
    asyncio.run(router.ainvoke("hello"))
    assert router.health().calls == 2


def answer(tokens=100, seconds=5.0, first=1.0, denied=None):
    return Answer(
        text="x",
        decision=Decision(request_id="r", created=0, denied=denied),
        usage=Usage(output_tokens=tokens),
        timings=Timings(first_token=first, generate=seconds),
    )


def test_only_the_last_quarter_of_an_hour_counts():
    now = 0.0
    recent = Recent(clock=lambda: now)
    recent.answered(answer(), 5.0)
    now = SECONDS + 1
    recent.answered(answer(), 7.0)
    assert [call.seconds for call in recent.calls()] == [7.0]


def test_what_is_remembered_is_bounded():
    recent = Recent(clock=lambda: 0.0)
    for _ in range(3000):
        recent.answered(answer(), 1.0)
    assert len(recent.calls()) == 1000


@pytest.mark.parametrize(
    ("error", "fault"),
    [
        (BackendError("x"), "BackendError"),
        (RuntimeError("x"), "RuntimeError"),
        (NoModelFits("x"), "NoModelFits"),
        (InputError("x"), ""),
        (Cancelled("x"), ""),
        (KeyboardInterrupt(), ""),
    ],
)
def test_whose_fault_an_error_is(error, fault):
    recent = Recent()
    recent.failed(error, 1.0)
    assert recent.calls()[0].fault == fault


def test_the_speed_is_that_after_the_first_token_and_short_answers_have_none():
    recent = Recent()
    recent.answered(answer(tokens=100, seconds=5.0, first=1.0), 5.0)
    recent.answered(answer(tokens=5), 5.0)
    recent.answered(answer(denied=Verdict(action="deny")), 0.1)
    calls = recent.calls()
    assert [call.tokens_per_second for call in calls[:2]] == [25.0, None]
    assert [call.answered for call in calls] == [True, True, False]


def ended(*seconds, speed=20.0, fault=""):
    return [Ended(0.0, s, None if fault else speed, answered=not fault, fault=fault) for s in seconds]


@pytest.mark.parametrize(
    ("calls", "check", "status"),
    [
        (ended(1, 10, 30), "latency", "healthy"),
        (ended(1, 10.1, 30), "latency", "degraded"),
        (ended(1, speed=5.0), "speed", "healthy"),
        (ended(1, speed=4.9), "speed", "degraded"),
        (ended(*[1] * 97) + ended(1, 1, 1, fault="X"), "errors", "healthy"),
        (ended(*[1] * 57) + ended(1, 1, 1, fault="X"), "errors", "degraded"),
        (ended(1) + ended(1, fault="X"), "errors", "healthy"),
        (ended(1, 1, 1) + ended(1, 1, 1, fault="X"), "errors", "unhealthy"),
    ],
)
def test_from_where_it_counts_as_bad(calls, check, status):
    found = {f.check: f for f in look_at_calls(calls, LIMITS)}
    assert found[check].status == status
    assert bool(found[check].recommendation) == (status != "healthy")


def test_nothing_that_can_answer_is_unhealthy_with_the_way_out(tmp_path):
    with make_router(FakeBackend([]), tmp_path, weights={"sources": ["local"]}) as router:
        health = router.health(deep=True)
    assert health.status == "unhealthy"
    assert "No backend can run a model" in by_check(health)["models"].measured


def test_a_text_task_that_nothing_can_answer_is_degraded(tmp_path):
    with make_router(FakeBackend([CODER]), tmp_path) as router:
        health = router.health()
    assert health.status == "degraded"
    assert by_check(health)["models"].measured.startswith("Only code")


def test_a_model_that_failed_to_load_is_named(router, backend):
    backend.load_error = BackendError("It is broken.")
    with pytest.raises(BackendError):
        router.invoke("hello", hints=Hints(model="Qwen3-0.6B"))
    found = by_check(router.health())["load Qwen3-0.6B served"]
    assert found.status == "degraded"
    assert "It is broken. It is tried again in" in found.measured


def test_deep_asks_every_loaded_model(router, backend):
    for task in ("math", "code"):
        router.invoke("hello", hints=Hints(task=task))
    backend.calls.clear()
    health = router.health(deep=True)
    asked = [f for f in health.findings if f.check == "model"]
    assert {f.subject for f in asked} == {"Qwen2.5-Math-7B-Instruct served", "Qwen2.5-Coder-7B-Instruct served"}
    assert all(f.measured.startswith("First token after") for f in asked)
    assert len(backend.calls) == 2
    # They are asked beside the guards and the record: no call of anybody's.
    assert health.calls == router.health().calls == 2


def test_deep_asks_the_model_of_a_plain_request_where_none_is_loaded(router, backend):
    health = router.health(deep=True)
    assert [f.subject for f in health.findings if f.check == "model"] == ["Qwen3-0.6B served"]
    assert backend.calls[0].model == GENERAL_SMALL
    assert health.deep


@pytest.mark.parametrize(
    ("reply", "measured"),
    [
        (Reply(error=BackendError("It broke.", "Mend it.")), "It broke."),
        (Reply("one", error=RuntimeError("odd")), "RuntimeError('odd')"),
        (Reply(""), "It said nothing."),
    ],
)
def test_a_model_that_fails_when_it_is_asked_is_unhealthy(router, backend, reply, measured):
    backend.replies.append(reply)
    health = router.health(deep=True)
    found = by_check(health)["model Qwen3-0.6B served"]
    assert (health.status, found.status, found.measured) == ("unhealthy", "unhealthy", measured)
    assert found.recommendation


def test_a_model_that_can_not_be_loaded_is_unhealthy(router, backend):
    backend.load_error = BackendError("No such file.")
    assert by_check(router.health(deep=True))["model Qwen3-0.6B served"].measured == "No such file."


def test_a_slow_model_is_degraded(backend, tmp_path):
    with make_router(backend, tmp_path, health={"min_tokens_per_second": 1e12}) as router:
        found = by_check(router.health(deep=True))["model Qwen3-0.6B served"]
    assert found.status == "degraded"
    assert "sizing.prefer" in found.recommendation


def test_what_the_process_gains_beside_its_models(backend, tmp_path):
    with make_router(backend, tmp_path, health={"max_growth": "1B"}) as router:
        router._services.growth._start = 0
        found = by_check(router.health())["memory"]
    assert (found.status, found.unit) == ("degraded", "bytes")
    assert found.value > found.limit == 1


def test_a_full_disk(backend, tmp_path, monkeypatch):
    machine = tmp_path / "machine.json"
    machine.write_text(Resources(ram_total=2**34, ram_free=2**33, cores=2, disk_free=10**6).model_dump_json())
    monkeypatch.setenv("QWEN_ROUTER_RESOURCES", str(machine))
    with make_router(backend, tmp_path) as router:
        found = by_check(router.health())["disk"]
    assert found.status == "degraded"
    assert "qwen-router rm" in found.recommendation


def test_a_long_queue(backend, tmp_path, monkeypatch):
    with make_router(backend, tmp_path, pool={"max_waiting": 10}) as router:
        monkeypatch.setattr(router._services.pool, "waiting", lambda: 5)
        found = by_check(router.health())["queue"]
    assert (found.status, found.value) == ("degraded", 5)


def test_a_record_that_can_not_be_kept(backend, tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "file"))
    with make_router(backend, tmp_path) as router:
        assert by_check(router.health())["track record"].status == "degraded"
    with make_router(backend, tmp_path, sizing={"learn": False}) as router:
        assert "track record" not in by_check(router.health())


def test_a_fresh_router_goes_by_what_the_machine_has_shown(tmp_path):
    with make_router(FakeBackend([GENERAL_SMALL]), tmp_path) as router:
        winner = router.explain("hello").choices["1"].winner
        router._services.track_record.answered(winner, 400, 100.0)
        found = by_check(router.health())["speed"]
    assert found.status == "degraded"
    assert found.measured == "4.0 tokens/s, what Qwen3-0.6B served has shown on this machine."


class Plugin:
    def __init__(self, found):
        self._found = found

    @hookimpl
    def health(self):
        if isinstance(self._found, Exception):
            raise self._found
        return self._found

    @hookimpl
    def observe(self):
        raise RuntimeError("no room")


@pytest.mark.parametrize(
    ("found", "status", "check"),
    [
        (Finding(check="spring", status="unhealthy", measured="It is dry."), "unhealthy", "spring"),
        (RuntimeError("secret"), "degraded", "plugin Plugin"),
        ("fine", "degraded", "plugin Plugin"),
    ],
)
def test_plugins_have_a_say(backend, tmp_path, found, status, check):
    settings = make_router(backend, tmp_path).settings
    with Router(settings, plugins=[backend, Plugin(found)]) as router:
        health = router.health()
    assert health.status == status
    assert by_check(health)[check].status == status
    assert "secret" not in health.model_dump_json()


def test_an_observer_that_fails_is_named(backend, tmp_path):
    settings = make_router(backend, tmp_path).settings
    with Router(settings, plugins=[backend, Plugin(None)]) as router:
        router.invoke(Request.of("hello"))
        found = by_check(router.health())["observer Plugin"]
    assert found.status == "degraded"
    assert found.value > 3
