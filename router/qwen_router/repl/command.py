"""What a command is, and how a line finds its own."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from qwen_router.errors import InputError

if TYPE_CHECKING:
    from qwen_router.repl.chat import Chat

# Qwen's own switches are part of what is said to it.
_SOFT_SWITCH = re.compile(r"/(no_)?think\b(?!ing)")


class Leave(Exception):
    """The person has done."""


@dataclass(frozen=True)
class Command:
    """A command of the conversation.

    Attributes:
        run: Does it; takes the chat and the rest of the line.
        takes: What follows the name, as `/help` shows it.
        completes: The kind of its argument: a path, a key of the configuration, the name of a model or a task.
        words: Fixed words that may follow.
    """

    name: str
    run: Callable[[Chat, str], None]
    help: str
    takes: str = ""
    completes: Literal["", "path", "setting", "model", "task"] = ""
    words: tuple[str, ...] = ()


def is_command(line: str) -> bool:
    """Whether a line is a command rather than something to say to a model."""
    return line.startswith("/") and not _SOFT_SWITCH.match(line)


def find(line: str, commands: Mapping[str, Command]) -> tuple[Command, str]:
    """Return the command of a line and what it is given.

    Raises:
        InputError: There is none of that name; the nearest are named.
    """
    name, _, argument = line[1:].strip().partition(" ")
    if (command := commands.get(name)) is not None:
        return command, argument.strip()
    near = [n for n in commands if name and n.startswith(name)] or difflib.get_close_matches(name, commands, n=2)
    fix = f"Did you mean {' or '.join(f'/{n}' for n in near)}?" if near else "/help lists them."
    shown = name if len(name) <= 20 else f"{name[:20]}…"
    raise InputError(f"There is no command /{shown}.", f"{fix} A line that begins with a space is sent as it is.")


def without_argument(name: str, argument: str) -> None:
    """Refuse an argument.

    Raises:
        InputError: There is one.
    """
    if argument:
        raise InputError(f"/{name} takes nothing.", f"Type /{name} alone.")
