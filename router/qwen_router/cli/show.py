"""Shows decisions to a person."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePath

from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.markup import escape
from rich.padding import Padding
from rich.segment import Segment
from rich.table import Table
from rich.text import Text

from qwen_router.attached import MediaCost
from qwen_router.choice import Candidate, Choice
from qwen_router.types import Classification, Decision, Step

_GIB = 2**30
_WIDE, _NARROW = 130, 78
_FACTS = 48
"""Columns that a candidate's facts take beside its name."""
_MOST_SHOWN = 12
_WORTH_A_LINE = 0.2


def decision_line(classification: Classification, choice: Choice, *, part: str | None = None) -> str:
    """Return one line of rich markup: task, difficulty, model, precision, backend, why."""
    winner = choice.winner
    thinking = ", thinking" if winner.thinking else ""
    head = f"part {part}: " if part else ""
    return (
        f"[bold cyan]{head}{escape(classification.task)}[/] · difficulty {classification.difficulty:.2f} · "
        f"{classification.language} → [bold]{escape(_name(winner))}[/] {winner.precision} on "
        f"{winner.backend}{thinking} · {escape(choice.reason)}"
    )


def classification_table(classification: Classification) -> Table:
    """Return the scores and the reasons."""
    table = Table(box=None, pad_edge=False, show_header=False)
    scores = sorted(classification.scores.items(), key=lambda item: -item[1])
    table.add_row("task", f"[bold]{classification.task}[/]  " + "  ".join(f"{t} {s:.0%}" for t, s in scores))
    table.add_row("difficulty", f"{classification.difficulty:.2f}")
    table.add_row("language", classification.language)
    table.add_row("reads", ", ".join(classification.modalities))
    if classification.attack >= _WORTH_A_LINE:
        table.add_row("attack", f"{classification.attack:.0%}")
    table.add_row("because", ", ".join(f"{escape(r.signal)} ({r.weight:+.1f})" for r in classification.reasons) or "—")
    for attached in classification.media:
        if attached.note:
            table.add_row("note", escape(attached.note))
    return table


def candidates_view(choice: Choice, *, width: int, whole: bool = False) -> RenderableType:
    """Return the winner, then the losers with their reasons, the usable ones first.

    Args:
        width: Columns to fill; a narrow terminal gets each reason on a line of its own.
        whole: Whether to show every candidate instead of the most telling ones.
    """
    losers = [c for c in choice.candidates if c.rejected is not None]
    losers.sort(key=lambda c: (not c.usable, not c.on_disk, -c.quality, c.memory_bytes))
    telling = [c for c in losers if c.usable] + _one_a_model([c for c in losers if not c.usable])
    shown = losers if whole else telling[:_MOST_SHOWN]
    rows = [(choice.winner, f"[green]chosen:[/] {escape(choice.reason)}", "")]
    rows += [(c, escape(c.rejected or ""), "dim") for c in shown]
    left = len(losers) - len(shown)
    more = Text(f"… {left} more: --json", style="dim") if left else Text()
    media = [Text(_cost_line(cost)) for cost in choice.media]
    drawn = _table(rows) if width >= _WIDE else _Interleaved(rows) if width >= _NARROW else _lines(rows)
    return Group(*media, drawn, more)


def decision_view(decision: Decision, *, width: int, whole: bool = False) -> RenderableType:
    """Return everything that was decided for a request, step by step; `whole` as for `candidates_view`."""
    if decision.classification is None or decision.plan is None:
        return Text()
    shown: list[RenderableType] = [classification_table(decision.classification)]
    shown += [Text.from_markup(f"[yellow]Note:[/] {escape(verdict.why)}") for verdict in decision.noted]
    for step in decision.plan.steps:
        shown.append(Text())
        if len(decision.plan.steps) > 1:
            shown.append(Text.from_markup(step_title(step)))
        if step.id in decision.choices:
            shown.append(candidates_view(decision.choices[step.id], width=width, whole=whole))
    return Group(*shown)


def _cost_line(cost: MediaCost) -> str:
    if cost.kind == "audio":
        return f"sound of {cost.seconds:,.1f} s: {cost.tokens:,} tokens"
    sent, seen = f"{cost.width:,} x {cost.height:,}", f"{cost.seen_width:,} x {cost.seen_height:,}"
    return f"image of {sent} pixels, seen as {seen}: {cost.tokens:,} tokens"


def _table(rows: Sequence[tuple[Candidate, str, str]]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("model", "precision", "backend"):
        table.add_column(name, no_wrap=True)
    for name in ("memory", "tokens/s", "quality"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("why")
    for candidate, why, style in rows:
        table.add_row(*_cells(candidate), why, style=style)
    return table


class _Interleaved:
    """A table of the facts, each row with its reason on a line below: for eighty columns."""

    def __init__(self, rows: Sequence[tuple[Candidate, str, str]]) -> None:
        self._rows = rows

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 1))
        table.add_column("model", no_wrap=True, overflow="ellipsis", max_width=options.max_width - _FACTS)
        for name in ("as", "on"):
            table.add_column(name, no_wrap=True)
        for name in ("memory", "tok/s", "quality"):
            table.add_column(name, justify="right", no_wrap=True)
        for candidate, _, style in self._rows:
            table.add_row(*_cells(candidate), style=style)
        header, *facts = console.render_lines(table, options, pad=False)
        yield from (*header, Segment.line())
        for line, (_, why, style) in zip(facts, self._rows, strict=True):
            yield from (*line, Segment.line())
            yield Padding(Text.from_markup(why, style=style), (0, 0, 0, 2))


def _lines(rows: Sequence[tuple[Candidate, str, str]]) -> RenderableType:
    lines: list[RenderableType] = []
    for candidate, why, style in rows:
        model, precision, backend, memory, speed, quality = _cells(candidate)
        facts = f"{precision} on {backend}, {memory}, {speed} tok/s, {quality}"
        lines += [Text.from_markup(f"[bold]{escape(model)}[/] {facts}", style=style)]
        lines += [Padding(Text.from_markup(why, style=style), (0, 0, 0, 2))]
    return Group(*lines)


def step_title(step: Step) -> str:
    """Return a heading for one part of a compound request."""
    needs = f" (needs {', '.join(step.needs)})" if step.needs else ""
    return f"[bold]Part {step.id}: {step.task}{needs}[/]  {escape(step.prompt)}"


def _one_a_model(candidates: list[Candidate]) -> list[Candidate]:
    """Keep each model's first candidate: the same reason at four precisions says nothing new."""
    return list({c.model: c for c in reversed(candidates)}.values())[::-1]


def _name(candidate: Candidate) -> str:
    name = candidate.model.rpartition("/")[2]
    return f"{name} + {PurePath(candidate.adapter).name}" if candidate.adapter else name


def _cells(candidate: Candidate) -> tuple[str, ...]:
    return (
        _name(candidate) + (" (thinking)" if candidate.thinking else ""),
        candidate.precision,
        candidate.backend,
        f"{candidate.memory_bytes / _GIB:.1f} GiB" if candidate.memory_bytes else "remote",
        f"{candidate.tokens_per_second:.0f}",
        f"{candidate.quality:.0%}",
    )
