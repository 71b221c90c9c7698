"""Sharing, budgets and eviction."""

import threading

import pytest
from pool_machine import Caller, Clock, Machine, candidate, holding, queue_up, until, use

from qwen_router import NoModelFits, OutOfMemory

A, B, C = candidate("a"), candidate("b"), candidate("c")


def test_a_model_is_loaded_once_and_shared():
    m = Machine()
    with m.pool.lease(A) as first, m.pool.lease(A) as second:
        assert first is second
    assert m.loads == ["a"]
    assert m.pool.warm() == {A.key}


def test_a_hundred_callers_of_a_cold_model_load_it_once():
    m = Machine(max_waiting=100)
    m.gate = threading.Event()
    callers = [Caller(m, A) for _ in range(100)]
    until(lambda: m.pool.waiting() == 99)
    m.gate.set()
    assert all(c.has.wait(10) for c in callers)
    assert m.pool.loaded()[0].users == 100
    assert len({id(c.leave().model) for c in callers}) == 1
    assert m.loads == ["a"]
    assert m.pool.loaded()[0].users == 0


def test_a_model_in_use_is_never_evicted_and_the_newcomer_waits():
    m = Machine(budget=10)
    with holding(m, A) as (user,):
        (newcomer,) = queue_up(m, B)
        assert not newcomer.has.wait(0.05)
        assert m.unloads == []
        user.leave()
        assert newcomer.has.wait(10)
    newcomer.leave()
    assert m.unloads == [("a", "room")]
    assert m.over == []


def test_what_can_never_fit_says_so_at_once():
    m = Machine(budget=5, pinned=["a"])
    with pytest.raises(NoModelFits, match=r"c at q4_k_m needs .* others may take"), m.pool.lease(C):
        pass
    m = Machine(budget=15, pinned=["a"])
    with m.pool.lease(A):
        assert m.pool.room(B) == 5
        with pytest.raises(NoModelFits, match="pin less"), m.pool.lease(B):
            pass
    assert m.pool.room(A) == 15


def test_served_models_cost_nothing_and_apples_gpu_takes_from_both_budgets():
    m = Machine(budget={"cpu": 30, "mps": 20})
    remote, apple = candidate("r", 1000, device="remote"), candidate("m", 15, device="mps")
    with holding(m, remote, apple):
        assert (m.pool.reserved("mps"), m.pool.reserved("cpu")) == (15, 15)
        assert m.pool.room(remote) is None
        use(m, A)
        (waiting,) = queue_up(m, candidate("big", 16))
    assert waiting.has.wait(10)
    waiting.leave()
    assert m.unloads == [("m", "room")]


def test_the_reservation_follows_what_was_measured():
    m = Machine(budget=20)
    m.measured["a"] = 4
    use(m, A)
    assert m.pool.reserved("cpu") == 4
    m.measured["b"] = 18
    use(m, B)
    assert m.unloads == [("a", "room")]
    assert m.pool.reserved("cpu") == 18


def test_what_turns_out_too_large_is_unloaded_and_out_of_memory():
    m = Machine(budget=20)
    m.measured["b"] = 11
    with holding(m, A), pytest.raises(OutOfMemory, match=r"more than the .* expected"), m.pool.lease(B):
        pass
    assert m.unloads == [("b", "room")]
    assert m.pool.reserved("cpu") == 10
    with pytest.raises(OutOfMemory, match="tried again in 60 s"), m.pool.lease(B):
        pass


def test_the_room_of_a_smaller_footprint_goes_to_who_waits():
    m = Machine(budget=15)
    m.measured["a"], m.gate = 5, threading.Event()
    first = Caller(m, A)
    until(lambda: m.loads)
    (second,) = queue_up(m, B)
    m.gate.set()
    assert first.has.wait(10)
    assert second.has.wait(10)
    first.leave()
    second.leave()
    assert m.unloads == []


def test_a_model_that_is_quick_to_load_again_goes_before_a_slow_one():
    m = Machine(budget=30)
    m.on_load = lambda c: setattr(m.clock, "now", m.clock.now + {"slow": 9.0}.get(c.model, 1.0))
    use(m, candidate("quick"), candidate("slow"), candidate("other"), candidate("quick"), candidate("new"))
    assert m.unloads == [("other", "room")]
    use(m, candidate("newer"))
    assert m.unloads[1:] == [("quick", "room")]


def test_a_large_model_goes_before_a_small_one_and_nothing_needless():
    m = Machine(budget=30)
    m.on_load = lambda c: setattr(m.clock, "now", m.clock.now + 1)
    use(m, candidate("small", 5), candidate("large", 20), candidate("new", 20))
    assert m.unloads == [("large", "room")]


def test_without_measures_the_predicted_time_counts_and_ties_go_by_last_use():
    m = Machine(budget=20)
    use(m, A, B, A, C)
    assert m.unloads == [("b", "room")]
    m = Machine(budget=20)
    m.pool._desk._pace.loaded = lambda c, seconds: None
    use(m, candidate("dear", seconds=30.0), candidate("cheap", seconds=1.0), C)
    assert m.unloads == [("cheap", "room")]


def test_a_pinned_model_stays_until_the_end():
    m = Machine(budget=20, pinned=["a"], keep_alive=5)
    use(m, A, B, C, B, C)
    m.clock.now += 100
    m.pool.unload_idle()
    assert [f.model for f in m.pool.loaded()] == ["a"]
    assert m.pool.loaded()[0].pinned
    m.pool.close()
    assert m.unloads[-1] == ("a", "closed")


def test_the_facts_of_loaded_models():
    m = Machine(clock=Clock())
    with m.pool.lease(A):
        use(m, candidate("b", 5))
        m.clock.now += 3
        facts = {f.model: f for f in m.pool.loaded()}
    assert (facts["a"].users, facts["a"].idle_seconds, facts["a"].memory_bytes) == (1, 0.0, 10)
    assert (facts["b"].users, facts["b"].idle_seconds, facts["b"].pinned) == (0, pytest.approx(3, abs=0.01), False)
    assert m.pool.smallest_warm().model == "b"


def test_the_room_made_for_a_model_that_turned_out_larger_is_not_taken_by_others():
    m = Machine(budget=20)
    m.measured["b"] = 15
    use(m, A)
    unload, gate = m.unload, threading.Event()
    m.unload = lambda *args: (gate.wait(10), unload(*args))
    first = Caller(m, B)
    until(lambda: len(m.loads) == 2)
    (second,) = queue_up(m, C)
    gate.set()
    assert first.has.wait(10), first.error
    assert first.leave().error is None
    assert second.has.wait(10)
    second.leave()
