"""Where the person's lines come from, without a terminal that could do more."""

from __future__ import annotations

import sys
from typing import Protocol

from qwen_router.errors import InputError

_MOST_BYTES = 64 * 2**20


class Reader(Protocol):
    """Gives what the person types."""

    def read(self) -> str:
        """Return the next input.

        Raises:
            EOFError: There is no more.
            KeyboardInterrupt: The person pressed Ctrl-C on an empty line.
        """


class LineReader:
    """Reads standard input line by line, with a prompt where somebody sits there."""

    def read(self) -> str:
        """Return the next line.

        Raises:
            EOFError: There is no more.
            InputError: The line is not UTF-8, or far larger than any request may be.
        """
        if sys.stdin.isatty():
            sys.stderr.write("> ")
            sys.stderr.flush()
        line = sys.stdin.buffer.readline(_MOST_BYTES)
        if not line:
            raise EOFError
        if len(line) == _MOST_BYTES:
            while (more := sys.stdin.buffer.readline(_MOST_BYTES)) and not more.endswith(b"\n"):
                pass
            raise InputError("A line holds more than 64 MiB.", "Send the part that matters.")
        try:
            return line.decode("utf-8").removesuffix("\n").removesuffix("\r")
        except UnicodeDecodeError as error:
            raise InputError(
                f"That line is not UTF-8: byte {error.start} is {line[error.start]:#04x}.", "Convert it."
            ) from None


def read_block() -> str:
    """Return the lines of standard input up to one that is only a dot, or to its end."""
    reader, lines = LineReader(), []
    try:
        while (line := reader.read()) != ".":
            lines.append(line)
    except EOFError:
        pass
    return "\n".join(lines)
