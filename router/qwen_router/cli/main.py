"""Puts the commands together and turns errors into one line and an exit code."""

from __future__ import annotations

import os
import sys

import typer

from qwen_router.cli import (
    adapt,
    ask,
    chat,
    classify,
    config,
    du,
    explain,
    guard,
    health,
    machine,
    metrics,
    models,
    pull,
    rm,
    stats,
)
from qwen_router.cli.console import fail
from qwen_router.errors import RouterError
from qwen_router.logs import configure

_INTERRUPTED = 130

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Route requests to the Qwen model that answers them best on this machine.",
)
app.command()(chat.chat)
app.command()(ask.ask)
app.command()(explain.explain)
app.command()(classify.classify)
app.command()(guard.guard)
app.command()(models.models)
app.command()(pull.pull)
app.command()(du.du)
app.command()(rm.rm)
app.command()(adapt.adapt)
app.command()(machine.machine)
app.command()(metrics.metrics)
app.command()(stats.stats)
app.command()(health.health)
app.add_typer(config.app, name="config")


def main() -> None:
    """Run the command line. Exit codes: 0 done, 1 our fault, 2 the user's mistake, 3 refused, 130 interrupted."""
    # Progress bars and warnings of libraries are not what was asked for; ours says what matters.
    os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
    os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")
    configure(None)
    try:
        app()
    except RouterError as error:
        fail(error)
    except SystemExit as left:
        # Typer has turned Ctrl-C into this code, without a word.
        if left.code == _INTERRUPTED:
            sys.stderr.write("\nStopped.\n")
        raise
    except BrokenPipeError:
        # The reader of our output has left, as `head` does: nothing to say, and nobody to say it to.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise SystemExit(0) from None
