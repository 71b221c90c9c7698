"""What every command shares: consoles, options, and how errors are shown."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

from qwen_router.errors import InputError, Refused, RouterError
from qwen_router.logs import configure
from qwen_router.settings_file import load_settings

if TYPE_CHECKING:
    from qwen_router.app import Router

_UNBOUNDED = 200
# A pipe has no width: what reads it wants whole lines.
out = Console(highlight=False, width=None if sys.stdout.isatty() else _UNBOUNDED)
err = Console(stderr=True, highlight=False, soft_wrap=True)

# A model may write anything, and a terminal obeys escape sequences: only line ends and tabs pass.
_CONTROL = {code: None for code in (*range(32), *range(127, 160)) if chr(code) not in "\n\t"}

ConfigPath = Annotated[Path | None, typer.Option("--config", metavar="PATH", help="The configuration file.")]
Images = Annotated[
    list[str] | None, typer.Option("--image", metavar="P", help="An image's path or address; may be repeated.")
]
Audios = Annotated[
    list[str] | None, typer.Option("--audio", metavar="P", help="A sound's path or address; may be repeated.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def open_router(config: Path | None, *, overrides: dict[str, Any] | None = None, **kwargs: Any) -> Router:
    """Make a router of the settings, and log as they say.

    A command answers once, or not at all: it preloads nothing, and leaves the metrics' port to a router that stays.

    Args:
        overrides: Tables that win over the configuration.

    Raises:
        RouterError: The configuration or a plugin is wrong.
    """
    from qwen_router.app import Router

    settings = load_settings(config, **(overrides or {}))
    configure(settings.log)
    pool = settings.pool.model_copy(update={"preload": ()})
    metrics = settings.metrics.model_copy(update={"port": 0})
    return Router(settings.model_copy(update={"pool": pool, "metrics": metrics}), **kwargs)


def fail(error: RouterError) -> NoReturn:
    """Say what went wrong in one line, and leave with the error's exit code."""
    word = "Refused" if isinstance(error, Refused) else "Error"
    err.print(f"[bold red]{word}:[/] ", end="")
    err.print(" ".join(str(error).split()), markup=False)
    raise SystemExit(error.exit_code)


def printable(text: str) -> str:
    """Return a text without what a terminal would obey instead of showing it."""
    return text.translate(_CONTROL)


def gib(size: int) -> str:
    """Return a number of bytes for a person."""
    return f"{size / 2**30:,.1f} GiB" if size >= 2**26 else f"{size / 2**20:,.1f} MiB"


def print_json(text: str) -> None:
    """Print JSON for a program: no colour, no wrapping."""
    sys.stdout.write(text + "\n")


def read_text(text: str) -> str:
    """Return the text; `-` reads standard input.

    Raises:
        InputError: Standard input is not UTF-8, or far larger than any request may be.
    """
    if text != "-":
        return text
    most = 64 * 2**20
    data = sys.stdin.buffer.read(most + 1)
    if len(data) > most:
        raise InputError("Standard input holds more than 64 MiB.", "Send the part that matters.")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise InputError(
            f"Standard input is not UTF-8: byte {error.start} is {data[error.start]:#04x}.",
            "Convert it, for example with iconv.",
        ) from None


class FetchProgress:
    """Draws a bar while weights are fetched or joined; silent when there is nothing to wait for."""

    def __init__(self) -> None:
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            DownloadColumn(binary_units=True),
            TransferSpeedColumn(),
            TimeRemainingColumn(),
            console=err,
            transient=True,
            disable=not err.is_terminal,
        )
        self._tasks: dict[str, Any] = {}

    def __call__(self, name: str, done: int, total: int) -> None:
        """Show how far one file is."""
        if name not in self._tasks:
            self._bar.start()
            self._tasks[name] = self._bar.add_task(name, total=total or None)
        self._bar.update(self._tasks[name], completed=done, total=total or None)
        if total and done >= total:
            self.close()

    def close(self) -> None:
        """Take the bar off the screen."""
        self._bar.stop()
        self._tasks.clear()


def content_of(text: str, images: list[str], sounds: list[str]) -> Any:
    """Return a message's content in LangChain's standard form; plain text when nothing is attached."""
    if not images and not sounds:
        return text
    blocks: list[dict[str, str]] = [{"type": "image", "url": path} for path in images]
    blocks += [{"type": "audio", "url": path} for path in sounds]
    return [*blocks, {"type": "text", "text": text}]
