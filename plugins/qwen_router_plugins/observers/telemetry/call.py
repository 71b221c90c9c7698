"""The events of one call, with the times at which they came."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from qwen_router import Event

if TYPE_CHECKING:
    from opentelemetry.context import Context


@dataclass
class CallEvents:
    """What happened in one call, until it becomes spans.

    Attributes:
        parent: The caller's own trace, which the spans go into, if there is one.
        events: Each with the time it came, in nanoseconds of `time.perf_counter_ns`.
        clock: Unix time when the first came, in nanoseconds. Later times count from here by a clock that never jumps.
    """

    parent: Context | None = None
    events: list[tuple[Event, int]] = field(default_factory=list)
    clock: int = field(default_factory=time.time_ns)

    def add(self, event: Event) -> None:
        """Take one more."""
        self.events.append((event, time.perf_counter_ns()))

    def times(self, event: Event, came: int) -> tuple[int, int]:
        """Return when a step began and ended, in nanoseconds of Unix time."""
        end = self.clock + came - self.events[0][1]
        return end - int(1e9 * max(0.0, event.seconds)), end
