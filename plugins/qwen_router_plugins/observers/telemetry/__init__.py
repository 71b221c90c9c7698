"""Spans for OpenTelemetry."""

from qwen_router_plugins.observers.telemetry.observer import TelemetryObserver

__all__ = ["TelemetryObserver"]
