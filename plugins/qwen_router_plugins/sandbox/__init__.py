"""Runs Python that nobody has read, where it can do no harm."""

from qwen_router_plugins.sandbox.availability import Unavailable, missing
from qwen_router_plugins.sandbox.limits import Limits
from qwen_router_plugins.sandbox.run import Run, run_python

__all__ = ["Limits", "Run", "Unavailable", "missing", "run_python"]
