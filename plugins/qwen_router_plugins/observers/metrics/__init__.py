"""Metrics for Prometheus."""

from qwen_router_plugins.observers.metrics.observer import MetricsObserver

__all__ = ["MetricsObserver"]
