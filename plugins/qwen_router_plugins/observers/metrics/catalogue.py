"""Every metric: its name, its labels and what it means. The names are stable; dashboards rest on them."""

from __future__ import annotations

from qwen_router.metric import Metric

_CALL = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 20.0, 30.0, 60.0, 120.0, 300.0, 600.0)
_STEP = (0.0001, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 0.5, 1.0, 5.0, 10.0, 30.0, 60.0, 120.0)
_WAIT = (0.001, 0.01, 0.05, 0.1, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0)
_RATE = (1.0, 2.5, 5.0, 10.0, 20.0, 30.0, 50.0, 75.0, 100.0, 150.0, 250.0, 500.0, 1000.0)


REQUESTS = Metric(
    "qwen_router_requests_total", "counter", ("outcome",), "",
    "Calls that are over: answered, refused, cancelled by their callers, or failed.",
)  # fmt: skip
REQUEST_SECONDS = Metric(
    "qwen_router_request_seconds", "histogram", ("outcome",), "seconds",
    "Time of a call from when its turn came, or from when it came where it failed or was cancelled.", _CALL,
)  # fmt: skip
REFUSALS = Metric(
    "qwen_router_refusals_total", "counter", ("kind",), "", "Requests and answers that a guard denied, by its reason."
)
ERRORS = Metric(
    "qwen_router_errors_total", "counter", ("type", "fault"), "",
    "Calls that failed, by the error's class, and whose fault it was: the caller's or the router's.",
)  # fmt: skip
DECISIONS = Metric(
    "qwen_router_decisions_total", "counter", ("task", "model", "precision", "backend", "thinking"), "",
    "Choices of a model for a step; further attempts included.",
)  # fmt: skip
CHECKS = Metric(
    "qwen_router_checks_total", "counter", ("task", "status"), "",
    "Judgements of an answer: accepted, rejected or abstained.",
)  # fmt: skip
ESCALATIONS = Metric(
    "qwen_router_escalations_total", "counter", ("task", "action"), "", "What followed rejected answers."
)
TOKENS = Metric(
    "qwen_router_tokens_total", "counter", ("model", "kind"), "tokens",
    "Tokens read (input) and written (thinking, answer) by models whose answer was complete.",
)  # fmt: skip
FIRST_TOKEN = Metric(
    "qwen_router_time_to_first_token_seconds", "histogram", ("model",), "seconds",
    "Time from the call of a model to the first piece of what it says.", _WAIT,
)  # fmt: skip
RATE = Metric(
    "qwen_router_tokens_per_second", "histogram", ("model", "precision", "backend"), "tokens/second",
    "Tokens that a model wrote by the time it took, reading the prompt included.", _RATE,
)  # fmt: skip
STEP_SECONDS = Metric(
    "qwen_router_step_seconds", "histogram", ("step",), "seconds",
    "Time of one step: admit, classify, plan, select, generate, verify, escalate or compose.", _STEP,
)  # fmt: skip
QUEUE_SECONDS = Metric(
    "qwen_router_queue_seconds", "histogram", ("queue",), "seconds",
    "Wait for a turn (call), or for a model, its loading included (model).", _WAIT,
)  # fmt: skip
LOAD_SECONDS = Metric(
    "qwen_router_load_seconds", "histogram", ("model", "precision", "backend"), "seconds",
    "Time that loading a model took.", _WAIT,
)  # fmt: skip
EVICTIONS = Metric(
    "qwen_router_evictions_total", "counter", ("model", "reason"), "",
    "Models that were unloaded: for room, after keep_alive, or when the router was closed.",
)  # fmt: skip
FAULTS = Metric(
    "qwen_router_observer_faults_total", "counter", ("observer",), "",
    "Events that an observer failed on; calls don't suffer from it.",
)  # fmt: skip
SPANS_LOST = Metric(
    "qwen_router_telemetry_lost_total", "counter", ("reason",), "",
    "Calls whose spans were lost: too many waited (queue_full), or the collector didn't take them (not_sent).",
)  # fmt: skip
CALLS = Metric(
    "qwen_router_calls_in_progress", "gauge", (), "", "Calls that aren't over, those that wait for their turn included."
)
WAITING = Metric("qwen_router_queue_depth", "gauge", (), "", "Calls that wait for a model.")
MODEL_MEMORY = Metric(
    "qwen_router_model_memory_bytes", "gauge", ("model", "precision", "backend", "device"), "bytes",
    "Memory reserved for a loaded model, on its device.",
)  # fmt: skip
RESIDENT = Metric("qwen_router_resident_memory_bytes", "gauge", (), "bytes", "RAM that the process takes.")
GPU_MEMORY = Metric(
    "qwen_router_gpu_memory_bytes", "gauge", ("device",), "bytes", "Memory of an accelerator that torch holds here."
)

COUNTED = (
    REQUESTS, REQUEST_SECONDS, REFUSALS, ERRORS, DECISIONS, CHECKS, ESCALATIONS, TOKENS, FIRST_TOKEN, RATE,
    STEP_SECONDS, QUEUE_SECONDS, LOAD_SECONDS, EVICTIONS,
)  # fmt: skip
"""Counted as events come."""
LOOKED_UP = (FAULTS, SPANS_LOST, CALLS, WAITING, MODEL_MEMORY, RESIDENT, GPU_MEMORY)
"""Looked up when somebody asks."""
METRICS = COUNTED + LOOKED_UP
