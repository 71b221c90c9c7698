"""Commands that keep conversations, bring them back and let them go."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from qwen_router.cli.console import printable
from qwen_router.errors import InputError
from qwen_router.repl import conversation
from qwen_router.repl.command import Leave, without_argument

if TYPE_CHECKING:
    from qwen_router.repl.chat import Chat


def save(chat: Chat, argument: str) -> None:
    """Write the conversation to a file: a new one, or the one it was saved to before."""
    path = _path(argument or chat.path, "save")
    if not chat.session.messages:
        raise InputError("There is nothing to save yet.", "Ask something first.")
    if path.exists() and str(path) != chat.path:
        raise InputError(f"{path} exists.", "Take another name.")
    conversation.save(chat.session.messages, path)
    chat.path = str(path)
    chat.note(f"{path}: {len(chat.session.messages)} messages")


def load(chat: Chat, argument: str) -> None:
    """Go on with a conversation from a file."""
    path = _path(argument, "load")
    chat.session.resume(conversation.load(path))
    chat.path = str(path)
    chat.note(f"{path}: {len(chat.session.messages)} messages")


def threads(chat: Chat, argument: str) -> None:
    """List the conversations that the router keeps, or go on with one."""
    kept = chat.session.router.threads
    if argument:
        chat.session.resume(list(kept.history(argument)))
        chat.path = ""
        chat.note(f"{argument}: {len(chat.session.messages)} messages")
        return
    table = Table(box=None, pad_edge=False, show_header=False)
    for thread in kept.list():
        when = datetime.fromtimestamp(thread.updated).strftime("%Y-%m-%d %H:%M")
        words = Text(printable(thread.first_words))
        table.add_row(Text(printable(thread.id)), when, f"{thread.messages:,} messages", words)
    if table.row_count:
        chat.out.print(table)
    else:
        chat.note("No conversations are kept.")


def clear(chat: Chat, argument: str) -> None:
    """Begin a new conversation."""
    without_argument("clear", argument)
    chat.session.clear()
    chat.path = ""
    chat.note("A new conversation.")


def leave(_: Chat, argument: str) -> None:
    """Leave."""
    without_argument("quit", argument)
    raise Leave


def _path(text: str, command: str) -> Path:
    if not text:
        raise InputError(f"/{command} names no file.", f"Write it like /{command} talk.md.")
    if len(text) > 1 and text[0] == text[-1] and text[0] in "'\"":
        text = text[1:-1]
    try:
        return Path(text).expanduser()
    except RuntimeError:
        raise InputError(f"{text} names no home directory.", "Check the path.") from None
