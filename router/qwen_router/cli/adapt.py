"""`qwen-router adapt`: train a LoRA adapter for a task."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from qwen_router.cli.console import ConfigPath, err, out
from qwen_router.settings_file import load_settings

if TYPE_CHECKING:
    from qwen_router.adapting.job import Progressed


def adapt(
    task: Annotated[str, typer.Argument(help="The task, such as math.")],
    data: Annotated[Path, typer.Option("--data", metavar="FILE", help="JSON lines with prompt and answer.")],
    model: Annotated[
        str | None, typer.Option("--model", metavar="M", help="The base; default: the task's only one on disk.")
    ] = None,
    directory: Annotated[
        Path | None, typer.Option("--out", metavar="DIR", help="A new directory; default: TASK-adapter.")
    ] = None,
    epochs: Annotated[int, typer.Option("--epochs", min=1, help="Most times that all rows are seen.")] = 3,
    rank: Annotated[int, typer.Option("--rank", min=1, help="Rank of the adapter.")] = 16,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with an interrupted training.")] = False,
    config: ConfigPath = None,
) -> None:
    """Fine-tune a LoRA adapter for TASK on rows of questions and answers.

    A tenth of the rows is kept for validation; training ends early when its loss falls no more.
    """
    from qwen_router.adapting.adapt import adapt as train

    progress = TrainingProgress()
    try:
        trained = train(
            task,
            data,
            settings=load_settings(config),
            model=model,
            out=directory,
            epochs=epochs,
            rank=rank,
            resume=resume,
            progress=progress,
        )
    finally:
        progress.close()
    out.print(f"{trained.path} (for {trained.base}, epoch {trained.best:g} kept)", markup=False)
    out.print(f'To use it, add to the configuration:\n[specialists.{task}]\nadapter = "{trained.path}"', markup=False)


class TrainingProgress:
    """Prints a line an epoch, and draws a bar of the steps on a terminal."""

    def __init__(self) -> None:
        self._bar = Progress(
            TextColumn("step {task.completed} of {task.total}"),
            BarColumn(),
            TimeRemainingColumn(),
            console=err,
            transient=True,
            disable=not err.is_terminal,
        )
        self._task: Any = None

    def __call__(self, progressed: Progressed) -> None:
        """Show how far the training is."""
        if self._task is None:
            self._bar.start()
            self._task = self._bar.add_task("", total=progressed.steps)
        self._bar.update(self._task, completed=progressed.step)
        if progressed.validation_loss is None:
            return
        loss = "" if progressed.loss is None else f"loss {progressed.loss:.3f}, "
        err.print(
            f"epoch {progressed.epoch:g} of {progressed.epochs}: {loss}validation loss "
            f"{progressed.validation_loss:.3f}",
            markup=False,
        )

    def close(self) -> None:
        """Take the bar off the screen."""
        self._bar.stop()
