"""Commands that bring something into the conversation."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from qwen_router.errors import InputError, MediaError
from qwen_router.repl.clipboard import read_clipboard
from qwen_router.repl.reader import read_block

if TYPE_CHECKING:
    from qwen_router.repl.chat import Chat

_ADDRESS = re.compile(r"https?://", re.I)


def image(chat: Chat, argument: str) -> None:
    """Attach an image to the next message."""
    chat.session.images.append(located(argument, "image"))
    _tell(chat)


def audio(chat: Chat, argument: str) -> None:
    """Attach a sound to the next message."""
    chat.session.sounds.append(located(argument, "audio"))
    _tell(chat)


def paste(chat: Chat, argument: str) -> None:
    """Send the clipboard, or what is typed up to a line with a dot, after a question if there is one."""
    text = read_clipboard()
    if text is None:
        chat.note("Paste, then end with a line that is only a dot.")
        text = read_block()
    if not text.strip():
        raise InputError("There is nothing to paste.", "Copy some text first.")
    chat.answer(chat.session.ask(f"{argument}\n\n{text}".strip()))


def located(text: str, command: str) -> str:
    """Return the path of an attachment, however it was written: as it is, quoted, escaped, or dropped by a desktop.

    Raises:
        MediaError: There is no such file.
    """
    if not text:
        raise MediaError(f"/{command} names no file.", f"Write it like /{command} PATH.")
    if _ADDRESS.match(text):
        return text
    for written in _ways(text):
        try:
            path = Path(written).expanduser()
            if path.is_file():
                return str(path)
        except (OSError, ValueError, RuntimeError):
            continue
    shown = text if len(text) <= 200 else f"{text[:200]}…"
    raise MediaError(f"There is no file {shown}.", "Check the path; Tab completes it.")


def _ways(text: str) -> list[str]:
    ways = [text]
    if text.lower().startswith("file://"):
        ways.append(unquote(urlsplit(text).path))
    try:
        words = shlex.split(text)
    except ValueError:
        words = []
    return ways + words if len(words) == 1 else ways


def _tell(chat: Chat) -> None:
    session = chat.session
    names = [Path(path).name or path for path in (*session.images, *session.sounds)]
    chat.note(f"with the next message: {', '.join(names)}")
