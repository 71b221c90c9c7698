"""Says what the router decides while it decides it."""

from __future__ import annotations

from collections.abc import Callable

from rich.markup import escape

from qwen_router.cli.show import decision_line
from qwen_router.events import Checked, Escalated, Event, Planned, Selected
from qwen_router.hookspecs import hookimpl


class Announcer:
    """An observer that tells the chosen model, and what becomes of its answer, in rich markup.

    Args:
        tell: Told one line at a time, in the call's thread.
    """

    def __init__(self, tell: Callable[[str], None]) -> None:
        self._tell = tell
        self._parts = 1

    @hookimpl
    def observe(self, event: Event) -> None:
        """Tell what there is to tell of an event."""
        if isinstance(event, Planned):
            self._parts = len(event.plan.steps)
        elif isinstance(event, Selected):
            part = event.step if self._parts > 1 else None
            self._tell(decision_line(event.classification, event.choice, part=part))
        elif isinstance(event, Checked) and event.check.status == "rejected":
            self._tell(f"\n[yellow]Rejected:[/] {escape(event.check.why)}")
        elif isinstance(event, Escalated):
            self._tell(f"[yellow]Next:[/] {event.escalation.action}. {escape(event.escalation.why)}")
