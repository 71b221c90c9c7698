"""Completes commands, and what each takes."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Literal, get_args, get_origin

from prompt_toolkit.completion import CompleteEvent, Completer, Completion, PathCompleter
from prompt_toolkit.document import Document
from pydantic import BaseModel

from qwen_router.config import Settings
from qwen_router.repl.command import Command

Words = Callable[[], Iterable[str]]


class CommandCompleter(Completer):
    """Completes a line that begins with a slash.

    Args:
        commands: The commands there are.
        words: What the kinds of arguments may be, by kind: `model`, `task`.
    """

    def __init__(self, commands: Iterable[Command], words: dict[str, Words]) -> None:
        self._commands = {command.name: command for command in commands}
        self._words = words
        self._paths = PathCompleter(expanduser=True)

    def get_completions(self, document: Document, complete_event: CompleteEvent) -> Iterable[Completion]:
        """Yield what may follow."""
        line = document.text_before_cursor
        if not line.startswith("/") or "\n" in line:
            return
        name, space, argument = line[1:].partition(" ")
        if not space:
            yield from _matching(name, self._commands, lambda n: self._commands[n].help)
        elif (command := self._commands.get(name)) is not None:
            yield from self._arguments(command, argument, complete_event)

    def _arguments(self, command: Command, argument: str, event: CompleteEvent) -> Iterable[Completion]:
        if command.completes == "path":
            yield from self._paths.get_completions(Document(argument), event)
        elif command.completes == "setting":
            yield from _matching(argument, setting_values() if "=" in argument else setting_keys())
        else:
            words = self._words.get(command.completes, tuple)()
            yield from _matching(argument, [*command.words, *words])


def _matching(start: str, words: Iterable[str], meta: Callable[[str], str] = lambda _: "") -> Iterable[Completion]:
    for word in words:
        # A model's name stands for its id.
        if word.lower().startswith(start.lower()):
            yield Completion(word, start_position=-len(start), display_meta=meta(word))


def setting_keys() -> list[str]:
    """Return every `section.key=` of the configuration."""
    return [f"{path}=" for path, _ in _leaves(Settings, "")]


def setting_values() -> list[str]:
    """Return every `section.key=value` whose values can be listed."""
    return [f"{path}={value}" for path, kind in _leaves(Settings, "") for value in _values(kind)]


def _leaves(section: type[BaseModel], path: str) -> Iterable[tuple[str, Any]]:
    for name, field in section.model_fields.items():
        kind = field.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            yield from _leaves(kind, f"{path}{name}.")
        elif get_origin(kind) is not dict:
            yield f"{path}{name}", kind


def _values(kind: Any) -> list[str]:
    if kind is bool:
        return ["true", "false"]
    return [str(value) for value in get_args(kind)] if get_origin(kind) is Literal else []
