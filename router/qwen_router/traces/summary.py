"""What many decisions come to: how many, how fast, what became of them."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from enum import StrEnum

from qwen_router.traces.cost import Cost
from qwen_router.traces.trace import Trace
from qwen_router.value import Value

PERIODS = 40
"""Parts of equal length that the time of a summary is divided into."""


class By(StrEnum):
    """What rows are told apart by."""

    model = "model"
    task = "task"


class Figures(Value):
    """A mean and percentiles, each of which is a value that occurred. `None` where there is no value."""

    mean: float | None = None
    p50: float | None = None
    p95: float | None = None
    p99: float | None = None

    @classmethod
    def of(cls, values: Sequence[float]) -> Figures:
        """Return the figures of some values."""
        if not values:
            return cls()
        ranked = sorted(values)
        p50, p95, p99 = (ranked[math.ceil(share * len(ranked)) - 1] for share in (0.5, 0.95, 0.99))
        return cls(mean=math.fsum(ranked) / len(ranked), p50=p50, p95=p95, p99=p99)


class Period(Value):
    """A part of the time; `seconds` is the median of its answers, `None` where there are none."""

    requests: int
    seconds: float | None


class Summary(Value):
    """What some decisions come to. Shares are from 0 to 1, `None` where nothing can be said.

    Attributes:
        first: When the first was made, `last` when the last was: Unix time in seconds.
        refused: How many, by the guard's word for it; `failed` by the error's type.
        seconds: Of answers, from the beginning of the call to its end.
        first_token: Seconds from the call to the model until its first token, the wait for the model included.
        tokens_per_second: Of answers, thoughts included.
        failure_rate: Share of the requests that failed, `refusal_rate` that were refused.
        thinking: Share of the answers for which a model was to think, `escalated` after a rejected one.
        saved: Share of the cost that was saved against always using the largest model that fits; see `Cost`.
        periods: The time from the first to the last, in equal parts.
        groups: The same for each model or task, where that was asked for, those with the most requests first.
    """

    first: float | None = None
    last: float | None = None
    requests: int = 0
    answered: int = 0
    refused: dict[str, int] = {}
    failed: dict[str, int] = {}
    seconds: Figures = Figures()
    first_token: Figures = Figures()
    tokens_per_second: Figures = Figures()
    input_tokens: int = 0
    output_tokens: int = 0
    thinking_tokens: int = 0
    failure_rate: float | None = None
    refusal_rate: float | None = None
    thinking: float | None = None
    escalated: float | None = None
    saved: float | None = None
    periods: tuple[Period, ...] = ()
    groups: dict[str, Summary] = {}


class _Tally:
    """Counts rows."""

    def __init__(self) -> None:
        self.kinds: dict[str, Counter[str]] = {"answered": Counter(), "refused": Counter(), "failed": Counter()}
        self.times: list[tuple[float, float | None]] = []
        self.first_token: list[float] = []
        self.speeds: list[float] = []
        self.tokens = [0, 0, 0]
        self.thinking = self.escalated = 0
        self.actual = self.largest = 0.0

    def add(self, trace: Trace, cost: Cost | None) -> None:
        """Count a row."""
        answered = trace.status == "answered"
        self.kinds[trace.status][trace.kind] += 1
        self.times.append((trace.created, trace.seconds if answered else None))
        for at, tokens in enumerate((trace.input_tokens, trace.output_tokens, trace.thinking_tokens)):
            self.tokens[at] += tokens
        if not answered:
            return
        self.thinking += bool(trace.thinking)
        self.escalated += trace.escalations > 0
        if trace.first_token is not None:
            self.first_token.append(trace.first_token)
        if trace.generate > 0 and trace.output_tokens:
            self.speeds.append(trace.output_tokens / trace.generate)
        if cost is not None:
            self.actual += cost.actual
            self.largest += cost.largest

    def summary(self, *, periods: int) -> Summary:
        """Return what the rows come to."""
        counts = {status: kinds.total() for status, kinds in self.kinds.items()}
        requests, answered = sum(counts.values()), counts["answered"]
        if not requests:
            return Summary()
        # Not the first and the last row: a clock may have been set back.
        first, last = min(at for at, _ in self.times), max(at for at, _ in self.times)
        return Summary(
            first=first,
            last=last,
            requests=requests,
            answered=answered,
            refused=dict(self.kinds["refused"].most_common()),
            failed=dict(self.kinds["failed"].most_common()),
            seconds=Figures.of([seconds for _, seconds in self.times if seconds is not None]),
            first_token=Figures.of(self.first_token),
            tokens_per_second=Figures.of(self.speeds),
            input_tokens=self.tokens[0],
            output_tokens=self.tokens[1],
            thinking_tokens=self.tokens[2],
            failure_rate=counts["failed"] / requests,
            refusal_rate=counts["refused"] / requests,
            thinking=self.thinking / answered if answered else None,
            escalated=self.escalated / answered if answered else None,
            saved=1 - self.actual / self.largest if self.largest else None,
            periods=_periods(self.times, first, last, periods),
        )


def summarise(traces: Iterable[Trace], cost: Callable[[Trace], Cost | None], by: By | None = None) -> Summary:
    """Return what rows come to.

    Args:
        cost: What an answer cost, where that is known.
        by: What to tell apart, too. A request of several steps counts for each of their models.
    """
    total, groups = _Tally(), dict[str, _Tally]()
    for trace in traces:
        spent = cost(trace)
        total.add(trace, spent)
        for name in _names(trace, by):
            groups.setdefault(name, _Tally()).add(trace, spent)
    parts = {name: tally.summary(periods=0) for name, tally in groups.items()}
    ordered = dict(sorted(parts.items(), key=lambda part: (-part[1].requests, part[0])))
    return total.summary(periods=PERIODS).model_copy(update={"groups": ordered})


def _names(trace: Trace, by: By | None) -> set[str]:
    if by is None:
        return set()
    names = {trace.task} if by is By.task else set(trace.models.split())
    return names - {""}


def _periods(times: Sequence[tuple[float, float | None]], first: float, last: float, count: int) -> tuple[Period, ...]:
    if not count:
        return ()
    parts: list[list[float | None]] = [[] for _ in range(count)]
    for at, seconds in times:
        parts[min(count - 1, int((at - first) / max(last - first, 1e-9) * count))].append(seconds)
    medians = [Figures.of([s for s in part if s is not None]).p50 for part in parts]
    return tuple(Period(requests=len(part), seconds=p50) for part, p50 in zip(parts, medians, strict=True))
