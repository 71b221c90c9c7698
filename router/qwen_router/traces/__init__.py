"""The store of decisions and their outcomes: its form, and how it is read. An observer writes it."""

from qwen_router.traces.cost import Pricing
from qwen_router.traces.packing import Packed, Packer
from qwen_router.traces.schema import path_of, prepare
from qwen_router.traces.store import TraceStore
from qwen_router.traces.summary import Summary, summarise
from qwen_router.traces.trace import COLUMNS, Trace

__all__ = [
    "COLUMNS",
    "Packed",
    "Packer",
    "Pricing",
    "Summary",
    "Trace",
    "TraceStore",
    "path_of",
    "prepare",
    "summarise",
]
