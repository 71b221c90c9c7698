"""A pool over fakes: no model, and no clock unless a test turns it."""

import threading
from contextlib import ExitStack, contextmanager

from qwen_router import Candidate, Offer
from qwen_router.config import PoolSection
from qwen_router.pool import Pool
from qwen_router.testing import FakeChatModel


def candidate(name, size=10, *, device="cpu", seconds=0.0, context=100):
    offer = Offer(precision="q4_k_m", format="gguf", device=device)
    return Candidate(
        model=name, offer=offer, backend="b", memory_bytes=size, tokens_per_second=1, quality=0.5, context=context,
        load_seconds=seconds,
    )  # fmt: skip


class Clock:
    """Stands still but for what a test adds, and a little each time it is read, so that no two moments are one."""

    def __init__(self):
        self.now = 1000.0

    def __call__(self):
        self.now += 1e-6
        return self.now


class Machine:
    """Loads fakes and counts them.

    Attributes:
        fail: Errors of loads, by model.
        gate: Loads wait for it while it is set.
        measured: What loaded models really take, by model.
        live: Bytes that models take; `over` notes each moment above the RAM budget.
    """

    def __init__(self, budget=20, *, clock=None, pinned=(), **rules):
        self.budgets = budget if isinstance(budget, dict) else {"cpu": budget}
        self.loads, self.unloads, self.waits, self.over = [], [], [], []
        self.fail, self.measured, self.live = {}, {}, {}
        self.gate = self.on_load = None
        self.clock = clock or Clock()
        self.lock = threading.Lock()
        self.pool = Pool(self, PoolSection(**rules), pinned=frozenset(pinned), clock=self.clock)

    def budget(self, kind):
        return self.budgets.get(kind, 0)

    def load(self, c):
        with self.lock:
            self.loads.append(c.model)
            self.live[c.key] = c.memory_bytes
            self._check()
        try:
            if self.gate:
                assert self.gate.wait(10)
            if self.on_load:
                self.on_load(c)
            if error := self.fail.get(c.model):
                raise error
        except BaseException:
            self._drop(c)
            raise
        with self.lock:
            self.live[c.key] = min(c.memory_bytes, self.measured.get(c.model, c.memory_bytes))
        return FakeChatModel(model_name=c.model)

    def footprint(self, c, model):
        return self.measured.get(c.model)

    def loaded(self, c, seconds, measured):
        pass

    def unload(self, c, model, why):
        with self.lock:
            self.unloads.append((c.model, why))
        model.close()
        self._drop(c)

    def lent(self, c, seconds, waiting):
        with self.lock:
            self.waits.append((c.model, seconds))

    def _drop(self, c):
        with self.lock:
            del self.live[c.key]

    def _check(self):
        total = max(sum(self.live.values()), self.pool.reserved("cpu"))
        if total > self.budget("cpu"):
            self.over.append(total)


class Caller(threading.Thread):
    """Leases a model in a thread of its own, and keeps it until it is told to leave."""

    def __init__(self, machine, c, cancellation=None):
        super().__init__(daemon=True)
        self.machine, self.candidate, self.cancellation = machine, c, cancellation
        self.has, self.go, self.error = threading.Event(), threading.Event(), None
        self.start()

    def run(self):
        from qwen_router.cancellation import cancellation_scope

        with ExitStack() as stack:
            if self.cancellation is not None:
                stack.enter_context(cancellation_scope(self.cancellation))
            try:
                with self.machine.pool.lease(self.candidate) as self.model:
                    assert not self.model.closed
                    self.has.set()
                    assert self.go.wait(20)
                    assert not self.model.closed
            except BaseException as error:
                self.error = error

    def leave(self):
        self.go.set()
        self.join(20)
        assert not self.is_alive()
        return self


def until(condition):
    for _ in range(20_000):
        if condition():
            return
        threading.Event().wait(0.0005)
    raise AssertionError("it never happened")


def queue_up(machine, *candidates):
    """Start callers one by one, each only when the one before waits."""
    callers = []
    for c in candidates:
        before = machine.pool.waiting()
        callers.append(Caller(machine, c))
        until(lambda before=before: machine.pool.waiting() == before + 1)
    return callers


def use(machine, *candidates):
    for c in candidates:
        with machine.pool.lease(c):
            pass


@contextmanager
def holding(machine, *candidates):
    callers = [Caller(machine, c) for c in candidates]
    for caller in callers:
        assert caller.has.wait(10), caller.error
    yield callers
    for caller in callers:
        caller.leave()
