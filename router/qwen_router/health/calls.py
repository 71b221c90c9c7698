"""What the last calls say."""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Iterator, Sequence

from qwen_router.config_monitoring import HealthSection
from qwen_router.health.finding import Finding, Level
from qwen_router.health.recent import Ended

_SOME, _MOST = 0.05, 0.5
"""Shares of calls that fail from which on a router is degraded, and unhealthy."""
_LEAST_FAILED = 3
"""Failed calls below which a share says little."""


def look_at_calls(calls: Sequence[Ended], limits: HealthSection) -> Iterator[Finding]:
    """Yield what the calls of the last minutes say; nothing where there were none."""
    if not calls:
        return
    yield _errors(calls)
    if answered := [call.seconds for call in calls if call.answered]:
        yield _latency(statistics.median(answered), len(answered), limits)
    if speeds := [call.tokens_per_second for call in calls if call.tokens_per_second is not None]:
        yield speed(statistics.median(speeds), f"median of {_answers(len(speeds))}", limits)


def speed(value: float, whose: str, limits: HealthSection) -> Finding:
    """Return the finding for a speed in tokens a second."""
    slow = value < limits.min_tokens_per_second
    return Finding(
        check="speed",
        status="degraded" if slow else "healthy",
        measured=f"{value:.1f} tokens/s, {whose}.",
        recommendation='Set sizing.prefer = "speed", or give the models more cores or an accelerator.' if slow else "",
        value=value,
        limit=limits.min_tokens_per_second,
        unit="tokens/s",
    )


def _errors(calls: Sequence[Ended]) -> Finding:
    faults = Counter(call.fault for call in calls if call.fault)
    share = faults.total() / len(calls)
    status: Level = "healthy"
    if faults.total() >= _LEAST_FAILED and share >= _SOME:
        status = "unhealthy" if share >= _MOST else "degraded"
    kinds = f", most often with {faults.most_common(1)[0][0]}" if faults else ""
    told = 'The callers were told the reason; set log.level = "info" to see each call.'
    return Finding(
        check="errors",
        status=status,
        measured=f"{faults.total()} of {len(calls)} calls in the last 15 minutes failed{kinds}.",
        recommendation="" if status == "healthy" else told,
        value=share,
        limit=_SOME,
    )


def _latency(median: float, count: int, limits: HealthSection) -> Finding:
    slow = median > limits.max_seconds
    return Finding(
        check="latency",
        status="degraded" if slow else "healthy",
        measured=f"{median:.2f} s, median of {_answers(count)}.",
        recommendation='Set sizing.prefer = "speed", lower thinking.max_tokens or generation.max_new_tokens, or load '
        "models early with pool.preload."
        if slow
        else "",
        value=median,
        limit=limits.max_seconds,
        unit="s",
    )


def _answers(count: int) -> str:
    return f"{count} answer{'s' if count != 1 else ''} in the last 15 minutes"
