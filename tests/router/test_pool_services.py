"""The pool inside a router: budgets, preloading, pinning, stepping down, events."""

import logging
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from conftest import CODER, GENERAL_LARGE, GENERAL_SMALL, make_router
from pool_machine import until

from qwen_router import (
    BackendError,
    ConfigError,
    Device,
    Hints,
    Offer,
    OutOfMemory,
    Overloaded,
    Resources,
    Router,
    RouterError,
    hookimpl,
    load_settings,
)
from qwen_router.budgets import Budgets
from qwen_router.config import SizingSection
from qwen_router.events import Evicted, Lent, Loaded
from qwen_router.testing import FakeBackend, Reply

GIB = 2**30
MIDDLE = "Qwen/Qwen3-1.7B"
GENERAL = Hints(task="general")
SLOW_IS_FINE = {"min_tokens_per_second": 0.0, "warm_slack": 0.0}
MACHINE = Resources(
    ram_total=32 * GIB, ram_free=20 * GIB, cores=4, disk_free=GIB,
    devices=(Device(kind="cuda", name="x", total=16 * GIB, free=10 * GIB),),
)  # fmt: skip


class InMemory(FakeBackend):
    """Fakes that take the memory of their models, as in-process ones do."""

    no_room: frozenset = frozenset()
    measured = None

    def offers(self, model, settings, resources):
        return [Offer(precision="bf16", format="served", device="cpu")] if model.id in self.models else []

    def load(self, candidate, model, files, settings):
        if model.id in self.no_room:
            self.loaded.append(model.id)
            raise OutOfMemory("There is no room.")
        return super().load(candidate, model, files, settings)

    def footprint(self, chat_model):
        return self.measured


class Seen:
    def __init__(self):
        self.events = []

    @hookimpl
    def observe(self, event):
        self.events.append(event)

    def of(self, kind):
        return [e for e in self.events if isinstance(e, kind)]


def observed(router):
    seen = Seen()
    router._services.manager.register(seen)
    return seen


def test_a_budget_is_a_share_of_what_is_free_or_what_the_operator_set():
    auto = Budgets.measure(SizingSection(memory_fraction=0.5), MACHINE)
    assert (auto.of("cpu"), auto.of("cuda"), auto.of("mps"), auto.of("remote")) == (10 * GIB, 5 * GIB, 0, 0)
    own = Budgets.measure(SizingSection(ram_budget="12GiB", vram_budget=16 * GIB), MACHINE)
    assert (own.of("cpu"), own.of("cuda")) == (12 * GIB, 16 * GIB)


def test_a_budget_larger_than_the_machine_is_a_mistake(backend, tmp_path):
    with pytest.raises(ConfigError, match=r"sizing\.vram_budget is 17\.0 GiB, but there are 16\.0 GiB here"):
        Budgets.measure(SizingSection(vram_budget="17GiB"), MACHINE)
    with pytest.raises(ConfigError, match=r"sizing\.ram_budget is 1048576\.0 GiB, but there are .* GiB here"):
        make_router(backend, tmp_path, sizing={"ram_budget": "1PiB"})
    none = MACHINE.model_copy(update={"devices": ()})
    assert Budgets.measure(SizingSection(vram_budget="17GiB"), none).of("cuda") == 0


@pytest.mark.parametrize("value", ["0", 0, "-1GiB", -5, "abc", True, 0.0, [1]])
def test_what_is_no_budget_says_what_is(value):
    with pytest.raises(ConfigError, match=r'sizing\.ram_budget = .* should be more than 0, such as "12GiB", or "auto"'):
        load_settings(sizing={"ram_budget": value})


def test_models_that_are_pinned_or_preloaded_must_exist(backend, tmp_path):
    for key in ("pin", "preload"):
        with pytest.raises(ConfigError, match=rf"pool\.{key}: .*Qwen9.* Did you mean"):
            make_router(backend, tmp_path, pool={key: ["Qwen9-8B"]})


def test_preloading_takes_what_a_request_would_take_and_a_request_waits_for_that_load(tmp_path):
    backend = InMemory([GENERAL_SMALL, GENERAL_LARGE])
    with make_router(backend, tmp_path, pool={"preload": ["qwen3-0.6b"], "pin": ["Qwen3-0.6B"]}) as router:
        until(router._services.pool.warm)
        router.invoke("hello", hints=Hints(model=GENERAL_SMALL))
        (facts,) = router._services.pool.loaded()
        assert (facts.model, facts.pinned) == (GENERAL_SMALL, True)
    assert len(backend.loaded) == 1
    assert backend.loaded[0].closed


def test_a_preload_that_fails_is_logged_and_the_router_answers(tmp_path, caplog):
    caplog.set_level(logging.WARNING)
    backend = InMemory([GENERAL_SMALL, MIDDLE])
    backend.no_room = frozenset([MIDDLE])
    with make_router(backend, tmp_path, pool={"preload": [MIDDLE]}, sizing=SLOW_IS_FINE) as router:
        until(lambda: "could not be preloaded" in caplog.text)
        assert router.invoke("hello", hints=GENERAL).text == "hello"


def test_a_command_preloads_nothing(tmp_path):
    from qwen_router.cli.console import open_router

    file = tmp_path / "config.toml"
    file.write_text('[pool]\npreload = ["Qwen3-0.6B"]\n')
    with open_router(file) as router:
        assert router.settings.pool.preload == ()


def test_a_model_that_failed_to_load_is_passed_over_while_it_cools_down(tmp_path):
    backend = InMemory([GENERAL_SMALL, MIDDLE])
    backend.load_error = BackendError("The file is broken.")
    with make_router(backend, tmp_path, sizing=SLOW_IS_FINE) as router:
        with pytest.raises(BackendError, match="broken"):
            router.invoke("hello", hints=GENERAL)
        choice = router.explain("hello", hints=GENERAL).choices["1"]
        (cooling,) = [c for c in choice.candidates if c.model == MIDDLE]
        assert choice.winner.model == GENERAL_SMALL
        assert not cooling.usable
        assert "The file is broken. It is tried again in" in cooling.rejected
        with pytest.raises(BackendError, match="broken"):
            router.invoke("hello", hints=GENERAL)
        with pytest.raises(BackendError, match=r"No model can answer now\. Its load failed: The file is broken\."):
            router.invoke("hello", hints=GENERAL)


def test_when_memory_runs_out_while_loading_all_callers_step_down_and_say_so(tmp_path):
    backend = InMemory([GENERAL_SMALL, MIDDLE])
    backend.no_room = frozenset([MIDDLE])
    with make_router(backend, tmp_path, sizing=SLOW_IS_FINE) as router, ThreadPoolExecutor(8) as threads:
        start = threading.Barrier(8)

        def call(n):
            start.wait(10)
            return router.invoke(f"question {n}", hints=GENERAL)

        answers = list(threads.map(call, range(8)))
    assert [a.text for a in answers] == [f"question {n}" for n in range(8)]
    assert backend.loaded.count(MIDDLE) == 1
    stepped = [a for a in answers if a.warnings]
    assert stepped
    assert {a.warnings for a in stepped} == {(f"{MIDDLE} at bf16 ran out of memory; {GENERAL_SMALL} answers instead.",)}


def test_a_model_that_is_larger_than_predicted_steps_down(tmp_path):
    backend = InMemory([GENERAL_SMALL, MIDDLE])
    load = backend.load

    def measured(candidate, model, files, settings):
        backend.measured = 9 * GIB if model.id == MIDDLE else GIB
        return load(candidate, model, files, settings)

    backend.load = measured
    with make_router(backend, tmp_path, sizing={**SLOW_IS_FINE, "ram_budget": "8GiB"}) as router:
        answer = router.invoke("hello", hints=GENERAL)
        assert "ran out of memory" in answer.warnings[0]
        assert backend.loaded[0].closed
        (facts,) = router._services.pool.loaded()
        candidate = answer.decision.attempts[0].choice.winner
        assert facts.memory_bytes == GIB + candidate.memory.runtime + candidate.memory.on_demand


def test_what_is_larger_than_the_budget_is_not_chosen(tmp_path):
    backend = InMemory([GENERAL_SMALL, GENERAL_LARGE])
    with make_router(backend, tmp_path, sizing={**SLOW_IS_FINE, "ram_budget": "6GiB"}) as router:
        choice = router.explain("hello", hints=GENERAL).choices["1"]
    assert choice.winner.model == GENERAL_SMALL
    assert any("models may take 6.0 GiB here" in (c.rejected or "") for c in choice.candidates)


def test_loads_loans_and_evictions_are_events(tmp_path):
    backend = InMemory([GENERAL_SMALL])
    backend.measured = GIB
    with make_router(backend, tmp_path, sizing=SLOW_IS_FINE) as router:
        seen = observed(router)
        winner = router.invoke("hello", hints=GENERAL).decision.choices["1"].winner
    (loaded,), (lent,), (evicted,) = seen.of(Loaded), seen.of(Lent), seen.of(Evicted)
    assert loaded.memory_bytes == winner.memory_bytes
    assert loaded.measured_bytes == GIB + winner.memory.runtime + winner.memory.on_demand
    assert lent.seconds >= loaded.seconds > 0
    assert lent.waiting == 0
    assert evicted.why == "closed"


def test_closing_lets_a_call_in_flight_finish_even_when_it_asks_its_model_again(tmp_path):
    hold, backend = threading.Event(), FakeBackend([CODER])
    backend.replies.extend([Reply("```python\ndef f(:\n```", wait=hold), Reply("```python\nx = 1\n```")])
    router = make_router(backend, tmp_path, router={"max_concurrency": 1})
    with ThreadPoolExecutor(2) as threads:
        call = threads.submit(router.invoke, "Write it", hints=Hints(task="code"))
        until(lambda: backend.calls)
        waiting = threads.submit(router.invoke, "hello")
        closing = threading.Thread(target=router.close)
        closing.start()
        assert "closed" in str(waiting.exception(10))
        hold.set()
        assert call.result(10).text == "```python\nx = 1\n```"
        closing.join(10)
    assert all(model.closed for model in backend.loaded)
    with pytest.raises(RouterError, match="closed"):
        router.invoke("hello")


def test_a_full_queue_reaches_the_caller(tmp_path):
    backend = InMemory([GENERAL_SMALL, MIDDLE])
    hold = threading.Event()
    backend.replies.append(Reply("one two", wait=hold))
    settings = {"sizing": {**SLOW_IS_FINE, "ram_budget": "9GiB"}, "pool": {"max_waiting": 1}}
    with make_router(backend, tmp_path, **settings) as router, ThreadPoolExecutor(3) as threads:
        first = threads.submit(router.invoke, "hello", hints=Hints(model=MIDDLE))
        until(lambda: backend.calls)
        second = threads.submit(router.invoke, "hello", hints=Hints(model=GENERAL_SMALL))
        until(lambda: router._services.pool.waiting() == 1)
        with pytest.raises(Overloaded) as refused:
            router.invoke("hello", hints=Hints(model=GENERAL_SMALL))
        assert refused.value.retry_after >= 1
        hold.set()
        assert first.result(10).text == "one two"
        assert second.result(10).text == "hello"


def test_a_router_of_settings_alone_has_a_pool():
    with Router() as router:
        assert router._services.pool.loaded() == []
