"""Who is served when not all models fit."""

import threading
import time

import pytest
from pool_machine import Caller, Machine, candidate, holding, queue_up, until, use

from qwen_router import Overloaded
from qwen_router.cancellation import Cancellation
from qwen_router.errors import Cancelled, DeadlineExceeded
from qwen_router.pool.waiting import Ticket

A, B, C = candidate("a"), candidate("b"), candidate("c")


def test_waiting_requests_are_served_model_by_model():
    m = Machine(budget=10)
    with holding(m, A):
        callers = queue_up(m, B, C, B, C, B, C)
    for caller in callers:
        caller.go.set()
    for caller in callers:
        caller.leave()
    assert m.loads == ["a", "b", "c"]
    assert [name for name, _ in m.waits] == ["a", *"bbb", *"ccc"]


def test_requests_for_the_loaded_model_pass_until_the_fairness_bound():
    m = Machine(budget=10, fairness_seconds=30)
    user = Caller(m, A)
    assert user.has.wait(10)
    (passed,) = queue_up(m, B)
    m.clock.now += 1000
    use(m, A)
    # Passed over from now on.
    m.clock.now += 29
    use(m, A)
    m.clock.now += 1
    (behind,) = queue_up(m, A)
    user.leave()
    assert passed.has.wait(10)
    assert not behind.has.is_set()
    passed.leave()
    assert behind.has.wait(10)
    behind.leave()
    assert m.loads == ["a", "b", "a"]


def test_only_models_in_the_way_of_an_overdue_request_are_held_back():
    m = Machine(budget=20, fairness_seconds=30)
    large = candidate("d", 10, seconds=100.0)
    with holding(m, A, large) as (a, d):
        (passed,) = queue_up(m, B)
        use(m, A)
        m.clock.now += 31
        use(m, large)
        (behind,) = queue_up(m, A)
        a.leave()
        assert passed.has.wait(10)
        d.leave()
        assert behind.has.wait(10)
        passed.leave()
        behind.leave()


def test_an_overdue_request_keeps_the_room_that_comes_free():
    m = Machine(budget=20, fairness_seconds=30)
    with holding(m, A, B) as (a, b):
        (large,) = queue_up(m, candidate("large", 20))
        use(m, A)
        m.clock.now += 31
        (small,) = queue_up(m, C)
        a.leave()
        assert not small.has.wait(0.05)
        b.leave()
        assert large.has.wait(10)
        large.leave()
        assert small.has.wait(10)
        small.leave()


def test_two_hundred_alternating_requests_swap_few_times_and_none_starves():
    m = Machine(budget=10, clock=time.monotonic, fairness_seconds=5)
    m.on_load = lambda c: threading.Event().wait(0.003)
    requests = iter([(A, B, C)[n % 3] for n in range(200)])
    lock = threading.Lock()

    def work():
        while True:
            with lock:
                c = next(requests, None)
            if c is None:
                return
            with m.pool.lease(c):
                threading.Event().wait(0.002)

    threads = [threading.Thread(target=work) for _ in range(40)]
    for t in threads:
        t.start()
    for t in threads:
        t.join(30)
    assert len(m.waits) == 200
    assert len(m.loads) - 1 <= 12
    assert max(seconds for _, seconds in m.waits) < 5
    assert m.over == []


def test_a_full_queue_refuses_with_the_time_to_come_back():
    m = Machine(budget=10, max_waiting=2)
    m.on_load = lambda c: setattr(m.clock, "now", m.clock.now + 7)
    for c in (B, C):
        with m.pool.lease(c):
            m.clock.now += 3
    with holding(m, A):
        waiting = queue_up(m, B, C)
        with pytest.raises(Overloaded, match="2 requests are waiting") as refused, m.pool.lease(B):
            pass
        # Each of the two models costs a load of 7 s and a call of 3 s.
        assert refused.value.retry_after == pytest.approx(20, abs=0.01)
        with m.pool.lease(A):
            assert m.pool.waiting() == 2
    for caller in waiting:
        caller.leave()


def test_a_cancelled_caller_stops_waiting_at_once():
    m = Machine(budget=10)
    scope = Cancellation()
    with holding(m, A):
        caller = Caller(m, B, scope)
        until(lambda: m.pool.waiting() == 1)
        scope.cancel()
        caller.join(10)
        assert isinstance(caller.error, Cancelled)
        assert m.pool.waiting() == 0
    assert m.loads == ["a"]


def test_a_deadline_ends_the_wait():
    m = Machine(budget=10)
    with holding(m, A):
        caller = Caller(m, B, Cancellation(0.05))
        caller.join(10)
        assert isinstance(caller.error, DeadlineExceeded)
        assert m.pool.waiting() == 0


def test_who_leaves_lets_those_behind_go_on():
    m = Machine(budget=10, fairness_seconds=30)
    scope = Cancellation()
    with holding(m, A):
        caller = Caller(m, B, scope)
        until(lambda: m.pool.waiting() == 1)
        use(m, A)
        m.clock.now += 31
        (behind,) = queue_up(m, A)
        scope.cancel()
        assert behind.has.wait(10)
        behind.leave()
    caller.join(10)
    assert m.loads == ["a"]


def test_a_caller_who_left_while_room_was_made_loads_nothing():
    m = Machine(budget=10)
    use(m, A)
    scope, unload = Cancellation(), m.unload
    m.unload = lambda *args: (unload(*args), scope.cancel())
    caller = Caller(m, B, scope)
    caller.join(10)
    assert isinstance(caller.error, Cancelled)
    assert m.loads == ["a"]
    assert m.pool.reserved("cpu") == 0


def test_all_who_wait_for_a_model_are_served_together_even_when_others_are_overdue():
    m = Machine(budget=10, fairness_seconds=30)
    with holding(m, A):
        first, other, second = queue_up(m, B, C, B)
        use(m, A)
        m.clock.now += 31
    assert first.has.wait(10)
    assert second.has.wait(10)
    assert not other.has.is_set()
    for caller in (first, second, other):
        caller.leave()
    assert m.loads == ["a", "b", "c"]


def test_an_interrupted_caller_leaves_the_models_it_was_to_unload():
    m = Machine(budget=10)
    use(m, A)
    ticket = Ticket(B, threading.Condition(m.pool._lock))
    with m.pool._lock:
        m.pool._desk.enter(ticket)
        assert [slot.key for slot in ticket.victims] == [A.key]
        m.pool._desk.withdraw(ticket)
    assert m.pool.warm() == {A.key}
    use(m, A)
    assert m.unloads == []
