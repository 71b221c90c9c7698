"""Commands that show something."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from qwen_router.cli.console import printable
from qwen_router.cli.models import listing_table
from qwen_router.cli.show import decision_view
from qwen_router.errors import InputError
from qwen_router.parsing import code_blocks
from qwen_router.repl.command import without_argument

if TYPE_CHECKING:
    from qwen_router.repl.chat import Chat


def why(chat: Chat, argument: str) -> None:
    """Show the last decision, with every candidate."""
    without_argument("why", argument)
    if chat.session.decision is None:
        raise InputError("Nothing was decided yet.", "Ask something first.")
    chat.out.print(decision_view(chat.session.decision, width=chat.out.width, whole=True))


def models(chat: Chat, argument: str) -> None:
    """List the models that are here, or all."""
    if argument not in ("", "all"):
        raise InputError(f"/models {argument} means nothing.", "Take /models or /models all.")
    rows = chat.session.router.models()
    shown = rows if argument else [row for row in rows if row.where in ("loaded", "on disk", "served")]
    chat.out.print(listing_table(shown, width=chat.out.width))
    chat.note(f"{len(shown)} of {len(rows)} models" + ("" if argument else "; /models all lists them."))


def stats(chat: Chat, argument: str) -> None:
    """Show what this session took."""
    without_argument("stats", argument)
    taken = chat.session.statistics
    usage = taken.usage
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_row("answers", f"{taken.answers:,} ({taken.stopped:,} more stopped, {taken.failed:,} failed)")
    thought = f" ({usage.thinking_tokens:,} thinking)" if usage.thinking_tokens else ""
    table.add_row("tokens", f"{usage.input_tokens:,} read, {usage.output_tokens:,} written{thought}")
    table.add_row("speed", f"{taken.tokens_per_second:,.1f} tokens/s")
    for name, answers in taken.models.most_common():
        table.add_row(Text(name), f"{answers:,} answers")
    chat.out.print(table)


def code(chat: Chat, argument: str) -> None:
    """Show a code block of the last answer as it was written, or put it into a new file."""
    blocks = code_blocks(chat.session.said)
    first, _, rest = argument.partition(" ")
    number, file = (first, rest.strip()) if first.isdecimal() else ("", argument)
    if not blocks:
        raise InputError("The last answer has no code block.", "Ask for code first.")
    if number and not 1 <= int(number) <= len(blocks):
        raise InputError(f"The last answer has no code block {number}.", f"It has {len(blocks)}.")
    block = blocks[int(number) - 1 if number else -1]
    if file:
        _write(Path(file).expanduser(), block.text)
        chat.note(f"{file}: {len(block.text.splitlines())} lines")
    else:
        # Neither wrapped nor coloured, so that it can be copied.
        sys.stdout.write(printable(block.text) + "\n")
        sys.stdout.flush()


def _write(path: Path, text: str) -> None:
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text + "\n")
    except FileExistsError:
        raise InputError(f"{path} exists.", "Take another name.") from None
    except OSError as error:
        raise InputError(f"Can't write {path}: {error.strerror}.", "Take another path.") from None
