"""Failures, idle models and the end."""

import gc
import threading
import time
import weakref

import pytest
from pool_machine import Caller, Machine, candidate, queue_up, until, use

from qwen_router import InputError, OutOfMemory, RouterError, WeightsError
from qwen_router.errors import Cancelled, DeadlineExceeded
from qwen_router.testing import FakeChatModel

A, B, C = candidate("a"), candidate("b"), candidate("c")


def test_a_failed_load_fails_all_who_wait_for_it_alike_and_leaves_nothing_behind():
    m = Machine(cool_down_seconds=0)
    m.gate, m.fail["a"] = threading.Event(), RouterError("broken file")
    callers = [Caller(m, A) for _ in range(5)]
    until(lambda: m.pool.waiting() == 4)
    m.gate.set()
    assert {id(c.leave().error) for c in callers} == {id(m.fail["a"])}
    assert m.loads == ["a"]
    assert m.pool.reserved("cpu") == m.pool.waiting() == 0
    m.fail.clear()
    with m.pool.lease(A):
        assert m.pool.reserved("cpu") == 10


@pytest.mark.parametrize("error", [Cancelled("stop"), DeadlineExceeded("late")])
def test_a_caller_who_leaves_while_loading_takes_nobody_along(error):
    m = Machine()
    m.gate, m.fail["a"] = threading.Event(), error
    first, second = Caller(m, A), None
    until(lambda: m.loads)
    (second,) = queue_up(m, A)
    m.on_load = lambda c: m.loads.count("a") == 2 and m.fail.clear()
    m.gate.set()
    assert first.leave().error is error
    assert second.has.wait(10)
    assert second.leave().error is None
    assert m.pool.cooling() == {}


def test_idle_models_are_unloaded_after_a_while():
    m = Machine(budget=30, keep_alive=10)
    use(m, A, B)
    with m.pool.lease(C):
        m.clock.now += 9
        use(m, B)
        m.clock.now += 1
        m.pool.unload_idle()
        assert m.unloads == [("a", "keep_alive")]
    m.pool.close()


def test_a_timer_runs_only_while_a_model_is_idle():
    m = Machine(keep_alive=0.02, clock=time.monotonic)
    with m.pool.lease(A):
        assert m.pool._alarm is None
    until(lambda: m.unloads == [("a", "keep_alive")])
    until(lambda: m.pool._alarm is None and not m.pool.warm())
    m = Machine(keep_alive=0)
    use(m, A)
    assert m.pool._alarm is None


def test_closing_lets_calls_finish_and_refuses_those_that_wait():
    m = Machine(budget=10)
    user = Caller(m, A)
    assert user.has.wait(10)
    (waiting,) = queue_up(m, B)
    closing = threading.Thread(target=m.pool.close)
    closing.start()
    assert "closed" in str(waiting.leave().error)
    # A call in flight may need its model again.
    use(m, A)
    assert m.unloads == []
    assert user.leave().error is None
    closing.join(10)
    assert m.unloads == [("a", "closed")]
    with pytest.raises(RouterError, match="closed"), m.pool.lease(A):
        pass
    m.pool.close()
    assert m.pool.reserved("cpu") == 0


def test_closing_waits_for_a_load_and_its_call():
    m = Machine()
    m.gate = threading.Event()
    loading = Caller(m, A)
    until(lambda: m.loads)
    (waiting,) = queue_up(m, A)
    closing = threading.Thread(target=m.pool.close)
    closing.start()
    assert "closed" in str(waiting.leave().error)
    m.gate.set()
    assert loading.has.wait(10)
    assert closing.is_alive()
    assert loading.leave().error is None
    closing.join(10)
    assert m.unloads == [("a", "closed")]


def test_a_model_that_failed_is_not_tried_again_before_it_cooled_down():
    m = Machine(cool_down_seconds=60)
    m.fail["a"] = RouterError("The file is broken.")
    with pytest.raises(RouterError, match="broken"), m.pool.lease(A):
        pass
    m.clock.now += 18
    with pytest.raises(RouterError, match=r"The file is broken\. It is tried again in 42 s"), m.pool.lease(A):
        pass
    assert list(m.pool.cooling()) == [A.key]
    m.fail.clear()
    m.clock.now += 42
    assert m.pool.cooling() == {}
    use(m, A)
    assert m.loads == ["a", "a"]


def test_another_context_of_a_model_that_failed_may_be_tried():
    m = Machine()
    m.fail["a"] = OutOfMemory("Too much.")
    with pytest.raises(OutOfMemory), m.pool.lease(A):
        pass
    with pytest.raises(OutOfMemory, match=r"Too much\. It is tried again"), m.pool.lease(A):
        pass
    m.fail.clear()
    use(m, candidate("a", context=50))
    assert m.loads == ["a", "a"]


def test_the_callers_own_mistake_does_not_stop_others():
    m = Machine()
    m.fail["a"] = InputError("Not that.")
    for _ in range(2):
        with pytest.raises(InputError), m.pool.lease(A):
            pass
    assert m.loads == ["a", "a"]


def test_a_failure_keeps_nothing_of_the_load_alive():
    m, kept = Machine(), []

    def fail(c):
        half = FakeChatModel()
        kept.append(weakref.ref(half))
        raise OutOfMemory("Too much.")

    m.on_load = fail
    with pytest.raises(OutOfMemory), m.pool.lease(A):
        pass
    gc.collect()
    assert m.pool.cooling()
    assert kept[0]() is None


def test_a_model_deleted_while_loaded_goes_on_being_served_until_it_is_evicted():
    m = Machine(budget=10)
    use(m, A)
    m.fail["a"] = WeightsError("a has no files at /models/a.", "Run `qwen-router pull a`.")
    use(m, A)
    use(m, B)
    with pytest.raises(WeightsError, match="Run `qwen-router pull a`"), m.pool.lease(A):
        pass


def test_an_unload_that_fails_frees_its_room_and_is_logged(caplog):
    m = Machine(budget=10)
    use(m, A)

    def broken(*args):
        m.live.clear()
        raise RuntimeError("stuck")

    m.unload = broken
    use(m, B)
    assert "Unloading a failed" in caplog.text
    assert m.pool.warm() == {B.key}
