"""One model in the pool."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from langchain_core.language_models import BaseChatModel

from qwen_router.choice import Candidate, ModelKey

# Apple's GPUs work in the machine's RAM, so that a model there takes from both budgets.
_KINDS: dict[str, tuple[str, ...]] = {"mps": ("mps", "cpu"), "remote": ()}


def kinds(candidate: Candidate) -> tuple[str, ...]:
    """Return the device kinds whose budgets a model takes from; none for a served one."""
    device = candidate.offer.device
    return _KINDS.get(device, (device,))


@dataclass(frozen=True)
class LoadedModel:
    """The facts of a loaded model.

    Attributes:
        device: `cpu`, `cuda`, `mps` or `remote`.
        memory_bytes: Bytes reserved for it.
        users: Requests that it is lent to.
        idle_seconds: Since the last one gave it back; 0 while there are users.
    """

    model: str
    precision: str
    backend: str
    device: str
    memory_bytes: int
    users: int
    idle_seconds: float
    pinned: bool


@dataclass(eq=False)
class Slot:
    """A model that is loading, ready or unloading.

    Attributes:
        size: Bytes reserved: the prediction while it loads, then the measured peak where there is one.
        users: Requests that it is lent to, the one that loads it included.
        used_at: When it was last lent or given back, by the pool's clock in seconds.
        credit: What keeps it: see `Eviction`.
    """

    candidate: Candidate
    pinned: bool
    size: int
    used_at: float
    users: int = 0
    credit: float = 0.0
    state: Literal["loading", "ready", "unloading"] = "loading"
    model: BaseChatModel | None = None

    @property
    def key(self) -> ModelKey:
        """What makes requests share it."""
        return self.candidate.key

    @property
    def ready(self) -> bool:
        """Whether it may be lent."""
        return self.state == "ready"

    @property
    def idle(self) -> bool:
        """Whether it may be unloaded now."""
        return self.ready and not self.users and not self.pinned

    def facts(self, now: float) -> LoadedModel:
        """Return what others may know of it."""
        return LoadedModel(
            model=self.candidate.model,
            precision=self.candidate.precision,
            backend=self.candidate.backend,
            device=self.candidate.offer.device,
            memory_bytes=self.size,
            users=self.users,
            idle_seconds=0.0 if self.users else now - self.used_at,
            pinned=self.pinned,
        )
