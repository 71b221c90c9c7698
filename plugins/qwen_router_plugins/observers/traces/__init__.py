"""Stores every decision and its outcome on this machine."""

from qwen_router_plugins.observers.traces.observer import Traces

__all__ = ["Traces"]
