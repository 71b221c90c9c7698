"""Thousands of random operations on one pool, its threads included."""

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from pool_machine import Caller, Machine, candidate, until

from qwen_router import OutOfMemory, RouterError
from qwen_router.cancellation import Cancellation

BUDGET = 30
SIZES = {"a": 10, "b": 10, "c": 15, "d": 20, "pinned": 5}
NAMES = st.sampled_from(sorted(SIZES))


class Soak(RuleBasedStateMachine):
    operations = 0

    @initialize()
    def begin(self):
        self.machine = Machine(
            BUDGET, pinned=["pinned"], keep_alive=50, fairness_seconds=20, cool_down_seconds=30, max_waiting=6
        )
        self.callers = []

    @rule(name=NAMES)
    def lease(self, name):
        Soak.operations += 1
        self.callers.append(Caller(self.machine, candidate(name, SIZES[name]), Cancellation()))

    # Which requests there are depends on threads; what hypothesis draws must not.
    @rule(which=st.integers(0, 2))
    def give_back(self, which):
        for caller in self.holders()[which : which + 1]:
            caller.leave()
            Soak.operations += 1

    @rule(which=st.integers(0, 2))
    def cancel(self, which):
        for caller in self.waiters()[which : which + 1]:
            caller.cancellation.cancel()
            Soak.operations += 1

    @rule(name=NAMES, error=st.sampled_from([None, RouterError("broken"), OutOfMemory("too much"), ValueError("bug")]))
    def loads_fail(self, name, error):
        self.machine.fail[name] = error
        Soak.operations += 1

    @rule(name=NAMES, share=st.sampled_from([0.5, 1.0, 1.4]))
    def models_differ_from_the_prediction(self, name, share):
        self.machine.measured[name] = int(SIZES[name] * share)
        Soak.operations += 1

    @rule(seconds=st.sampled_from([1, 10, 40]))
    def time_passes(self, seconds):
        self.machine.clock.now += seconds
        Soak.operations += 1

    @rule()
    def unload_idle(self):
        self.machine.pool.unload_idle()
        Soak.operations += 1

    @rule()
    def close(self):
        """Close it while calls are in flight, and go on with a new one."""
        self.teardown()
        self.begin()
        Soak.operations += 1

    @invariant()
    def holds(self):
        pool = self.machine.pool
        until(self.is_quiet)
        assert self.machine.over == []
        assert pool.reserved("cpu") == sum(f.memory_bytes for f in pool.loaded()) <= BUDGET
        holders = [caller.candidate.model for caller in self.holders()]
        assert {f.model: f.users for f in pool.loaded()} == {f.model: holders.count(f.model) for f in pool.loaded()}
        assert set(holders) <= {f.model for f in pool.loaded()}
        # Nobody waits where nobody is in the way.
        assert holders or not pool.waiting()

    def is_quiet(self):
        pool = self.machine.pool
        with pool._lock:
            at_rest = all(slot.ready for slot in pool._desk.shelf) and not any(t.called for t in pool._desk.waiting)
        return at_rest and len(self.waiters()) == pool.waiting()

    def holders(self):
        return [c for c in self.callers if c.has.is_set() and c.is_alive()]

    def waiters(self):
        return [c for c in self.callers if not c.has.is_set() and c.is_alive()]

    def teardown(self):
        self.machine.pool.drain()
        for caller in self.callers:
            caller.leave()
            assert caller.error is None or not isinstance(caller.error, AssertionError), caller.error
        self.machine.pool.close()
        assert self.machine.pool.reserved("cpu") == self.machine.pool.waiting() == 0
        assert self.machine.live == {}
        assert self.machine.pool.warm() == frozenset()


def test_five_thousand_random_operations_break_nothing():
    Soak.operations = 0
    rules = settings(
        max_examples=125,
        stateful_step_count=60,
        deadline=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(Soak, settings=rules)
    assert Soak.operations >= 5000
