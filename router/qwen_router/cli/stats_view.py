"""Shows a summary of decisions to a person."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from rich.console import Group, RenderableType
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from qwen_router.cli.sparkline import sparkline
from qwen_router.traces import Summary
from qwen_router.traces.summary import Figures

_WIDE = 110
_UNITS = ((172_800, 86_400, "d"), (7_200, 3_600, "h"), (120, 60, "min"), (1, 1, "s"), (0, 0.001, "ms"))
"""From how many seconds on a unit is used, and how many it has."""
_SAVED = (
    "Saved is the share of the cost against always using the largest model that fits; cost is active parameters x "
    "tokens, rejected answers included."
)


def stats_view(summary: Summary, *, by: str | None, width: int, unicode: bool) -> RenderableType:
    """Return everything about a summary.

    Args:
        by: What its groups are: models or tasks.
        width: Columns to fill.
        unicode: Whether the terminal shows block characters.
    """
    parts: list[RenderableType] = [_head(summary), Text()]
    if (summary.last or 0) > (summary.first or 0):
        parts += [_history(summary, unicode=unicode), Text()]
    parts += [_figures(summary), Text(), _shares(summary)]
    if by:
        parts += [Text(), _groups(summary.groups, by, wide=width >= _WIDE)]
    if summary.saved is not None:
        parts += [Text(), Text(_SAVED, style="dim")]
    return Group(*parts)


def _head(summary: Summary) -> Text:
    first, last = (datetime.fromtimestamp(at or 0.0) for at in (summary.first, summary.last))
    day = "" if first.date() == last.date() else f"{last:%Y-%m-%d} "
    when = f"{first:%Y-%m-%d %H:%M} to {day}{last:%H:%M}"
    plural = "" if summary.requests == 1 else "s"
    return Text.from_markup(f"[bold]{summary.requests:,} request{plural}[/], {when}")


def _history(summary: Summary, *, unicode: bool) -> Table:
    table = _plain()
    counts = [period.requests for period in summary.periods]
    medians = [period.seconds for period in summary.periods]
    length = _seconds(((summary.last or 0.0) - (summary.first or 0.0)) / len(counts))
    table.add_row("requests", sparkline(counts, unicode=unicode), f"most {max(counts):,} in {length}")
    slowest = max((s for s in medians if s is not None), default=None)
    if slowest is not None:
        table.add_row("answer", sparkline(medians, unicode=unicode), f"median, at most {_seconds(slowest)}")
    return table


def _figures(summary: Summary) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("", no_wrap=True)
    for name in ("mean", "p50", "p95", "p99"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_row("answer", *[_seconds(v) for v in _of(summary.seconds)])
    table.add_row("first token", *[_seconds(v) for v in _of(summary.first_token)])
    table.add_row("tokens/s", *["" if v is None else f"{v:,.1f}" for v in _of(summary.tokens_per_second)])
    return table


def _shares(summary: Summary) -> Table:
    table = _plain()
    table.add_row("answered", f"{summary.answered:,}", "")
    table.add_row("refused", *_kinds(summary.refusal_rate, summary.refused))
    table.add_row("failed", *_kinds(summary.failure_rate, summary.failed))
    table.add_row("thinking", _share(summary.thinking), f"{summary.thinking_tokens:,} tokens in thoughts")
    table.add_row("escalated", _share(summary.escalated), "after a rejected answer")
    tokens = summary.input_tokens + summary.output_tokens
    table.add_row("tokens", f"{tokens:,}", f"{summary.input_tokens:,} read, {summary.output_tokens:,} written")
    if summary.saved is not None:
        table.add_row("saved", _share(summary.saved), "against always the largest model")
    return table


def _groups(groups: Mapping[str, Summary], by: str, *, wide: bool) -> Table:
    names = ("requests", "p50", "p95", "tokens/s", "failed", "saved", "p99", "thinking", "escalated")
    shown = len(names) if wide else len(names) - 3
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column(by, overflow="fold")
    for name in names[:shown]:
        table.add_column(name, justify="right", no_wrap=True)
    for name, group in groups.items():
        speed, seconds = group.tokens_per_second.p50, group.seconds
        cells = (
            f"{group.requests:,}",
            _seconds(seconds.p50),
            _seconds(seconds.p95),
            "" if speed is None else f"{speed:,.0f}",
            _share(group.failure_rate),
            _share(group.saved),
            _seconds(seconds.p99),
            _share(group.thinking),
            _share(group.escalated),
        )
        table.add_row(escape(name.rpartition("/")[2]), *cells[:shown])
    return table


def _plain() -> Table:
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True, justify="left")
    table.add_column(style="dim")
    return table


def _kinds(share: float | None, kinds: Mapping[str, int]) -> tuple[str, str]:
    return _share(share), escape(", ".join(f"{kind} {count:,}" for kind, count in kinds.items()))


def _of(figures: Figures) -> tuple[float | None, ...]:
    return figures.mean, figures.p50, figures.p95, figures.p99


def _share(share: float | None) -> str:
    return "" if share is None else f"{share:.0%}" if share in (0, 1) or abs(share) >= 0.1 else f"{share:.1%}"


def _seconds(seconds: float | None) -> str:
    """Return a time for a person."""
    if seconds is None:
        return ""
    unit, name = next((unit, name) for least, unit, name in _UNITS if seconds >= least)
    count = seconds / unit
    return f"{count:.0f} {name}" if count >= 10 or name == "ms" else f"{count:.1f} {name}"
