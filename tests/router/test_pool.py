import threading

import pytest

from qwen_router import Candidate, Offer, Overloaded, RouterError
from qwen_router.cancellation import Cancellation, cancellation_scope
from qwen_router.errors import Cancelled
from qwen_router.pool import Pool
from qwen_router.testing import FakeChatModel


def candidate(name, size=10):
    offer = Offer(precision="q4_k_m", format="gguf")
    return Candidate(
        model=name, offer=offer, backend="b", memory_bytes=size, tokens_per_second=1, quality=0.5, context=100
    )


class Machine:
    """Loads fakes, and counts."""

    def __init__(self, budget=20):
        self.loads, self.unloads, self.live, self.peak = [], [], 0, 0
        self.fail = self.gate = None
        self.pool = Pool(self.load, self.unload, lambda device: budget)

    def load(self, c):
        self.loads.append(c.model)
        if self.gate:
            self.gate.wait(5)
        if self.fail:
            raise self.fail
        self.live += c.memory_bytes
        self.peak = max(self.peak, self.live)
        return FakeChatModel(model_name=c.model)

    def unload(self, c, model):
        self.live -= c.memory_bytes
        self.unloads.append(c.model)


def test_a_model_is_loaded_once_and_shared():
    m = Machine()
    with m.pool.lease(candidate("a")) as first, m.pool.lease(candidate("a")) as second:
        assert first is second
    assert m.loads == ["a"]
    assert m.pool.warm() == {candidate("a").key}


def test_many_callers_of_a_cold_model_load_it_once():
    m = Machine()
    m.gate = threading.Event()
    got = []

    def call():
        with m.pool.lease(candidate("a")) as model:
            got.append(model)

    threads = [threading.Thread(target=call) for _ in range(20)]
    for t in threads:
        t.start()
    m.gate.set()
    for t in threads:
        t.join(10)
    assert m.loads == ["a"]
    assert len({id(g) for g in got}) == 1
    assert len(got) == 20


def test_the_longest_unused_idle_model_goes_first_and_the_budget_holds():
    m = Machine(budget=20)
    for name in ("a", "b", "a", "c"):
        with m.pool.lease(candidate(name)):
            pass
    assert m.unloads == ["b"]
    assert m.peak <= 20


def test_a_model_in_use_is_never_evicted_and_the_newcomer_waits():
    m = Machine(budget=10)
    done = threading.Event()

    def newcomer():
        with m.pool.lease(candidate("b")):
            done.set()

    with m.pool.lease(candidate("a")):
        thread = threading.Thread(target=newcomer)
        thread.start()
        assert not done.wait(0.2)
        assert m.unloads == []
    assert done.wait(5)
    thread.join()
    assert m.unloads == ["a"]
    assert m.peak <= 10


def test_a_failed_load_leaves_nothing_behind_and_the_next_call_works():
    m = Machine()
    m.fail = RouterError("broken file")
    with pytest.raises(RouterError, match="broken file"), m.pool.lease(candidate("a")):
        pass
    assert m.pool.reserved("cpu") == 0
    m.fail = None
    with m.pool.lease(candidate("a")):
        assert m.pool.reserved("cpu") == 10


def test_what_can_never_fit_says_so():
    with pytest.raises(Overloaded, match="no longer fits"), Machine(budget=5).pool.lease(candidate("a")):
        pass


def test_a_cancelled_caller_stops_waiting():
    m = Machine(budget=10)
    scope = Cancellation()
    scope.cancel()
    with (
        m.pool.lease(candidate("a")),
        cancellation_scope(scope),
        pytest.raises(Cancelled),
        m.pool.lease(candidate("b")),
    ):
        pass


def test_closing_unloads_everything_and_refuses_later_leases():
    m = Machine()
    with m.pool.lease(candidate("a")):
        pass
    m.pool.close()
    assert m.unloads == ["a"]
    with pytest.raises(RouterError, match="closed"), m.pool.lease(candidate("a")):
        pass
