"""What a router has stored."""

from pathlib import Path

from qwen_router import Hints
from qwen_router.traces import Trace, TraceStore

GENERAL = Hints(task="general", thinking=False)


def rows_of(path: Path) -> list[Trace]:
    """Return the rows of a store."""
    with TraceStore(path) as store:
        return list(store.read())


def decisions_of(path: Path):
    """Return the decisions of a store."""
    with TraceStore(path) as store:
        return [store.decision(trace) for trace in store.read()]
