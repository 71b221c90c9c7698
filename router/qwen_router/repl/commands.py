"""The commands there are, in the order that `/help` shows them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Group
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from qwen_router.repl import attaching, keeping, showing, steering
from qwen_router.repl.command import Command, without_argument

if TYPE_CHECKING:
    from qwen_router.repl.chat import Chat


def _help(chat: Chat, argument: str) -> None:
    without_argument("help", argument)
    rows = [(f"/{command.name} {command.takes}".strip(), command.help) for command in COMMANDS.values()]
    table = Table(box=None, pad_edge=False, show_header=False)
    for what, does in (*rows, *_KEYS):
        name = Text(what, style="bold")
        if chat.out.width < _NARROW:
            table.add_row(Group(name, Padding(Text(does), (0, 0, 0, 2))))
        else:
            table.add_row(name, Text(does))
    chat.out.print(table)


_NARROW = 60
_KEYS = (
    ("Esc Enter", "a new line; a paste of several lines stays one input"),
    ("Ctrl-C", "stops an answer and keeps what was said, or clears the line"),
    ("Ctrl-D", "leaves"),
    ("a space first", "sends a line that begins with a slash"),
)
_ALL = (
    Command("help", _help, "this list"),
    Command("why", showing.why, "the last decision: every candidate and its reason"),
    Command("model", steering.model, "choose the model yourself", "[NAME|auto]", "model", ("auto",)),
    Command("task", steering.task, "choose the specialist yourself", "[NAME|auto]", "task", ("auto",)),
    Command(
        "thinking",
        steering.thinking,
        "whether models think; show or hide their thoughts",
        "[show|hide|on|off|auto]",
        words=("show", "hide", "on", "off", "auto"),
    ),
    Command("image", attaching.image, "attach an image to the next message", "PATH", "path"),
    Command("audio", attaching.audio, "attach a sound to the next message", "PATH", "path"),
    Command("paste", attaching.paste, "send the clipboard, after a question if there is one", "[QUESTION]"),
    Command("code", showing.code, "the last answer's N-th code block as it is; FILE keeps it", "[N] [FILE]"),
    Command("save", keeping.save, "write the conversation as .json or .md", "FILE", "path"),
    Command("load", keeping.load, "go on with a conversation that was saved", "FILE", "path"),
    Command(
        "retry",
        steering.retry,
        "answer again, by a larger model or after thinking",
        "[bigger|thinking]",
        words=("bigger", "thinking"),
    ),
    Command("models", showing.models, "the models that are here, or all", "[all]", words=("all",)),
    Command("stats", showing.stats, "what this session took"),
    Command("policy", steering.policy, "change a setting for this session", "[KEY=VALUE]", "setting"),
    Command("reload", steering.reload, "read the configuration file again"),
    Command("threads", keeping.threads, "conversations that are kept; NAME goes on with one", "[NAME]"),
    Command("clear", keeping.clear, "begin a new conversation"),
    Command("quit", keeping.leave, "leave"),
)
COMMANDS = {command.name: command for command in _ALL}
