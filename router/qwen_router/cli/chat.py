"""`qwen-router chat`: a conversation at the terminal, or line by line in a pipe."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from qwen_router.cli.console import ConfigPath, err, out
from qwen_router.settings_file import load_settings

if TYPE_CHECKING:
    from qwen_router.app import Router
    from qwen_router.repl.status import Status


def chat(config: ConfigPath = None) -> None:
    """Talk with the models. Without a terminal, each line of standard input is a message."""
    from qwen_router.repl.status import Status

    status = Status()
    talk(lambda overrides: _open(config, overrides, status), status)


def talk(open_router: Any, status: Status) -> None:
    """Hold a conversation at standard input and output.

    Args:
        open_router: Makes a router of what was set for the session; `status` must be one of its plugins.

    Raises:
        SystemExit: There were errors without a person to see them; with the code of the last.
    """
    from qwen_router.repl.chat import Chat
    from qwen_router.repl.session import Session

    able = can_edit()
    if able:
        err.print("[dim]Starting …[/]", end="\r")
    session = Session(open_router)
    try:
        reader, screen = _terminal(session, status) if able else _plain(status)
        talked = Chat(session, reader, screen, out, err)
        if able:
            from importlib.metadata import version

            talked.note(f"qwen-router {version('qwen-router')} · /help lists the commands, Ctrl-D leaves.")
        talked.run()
    finally:
        session.close()
    if not sys.stdin.isatty() and talked.exit_code:
        raise SystemExit(talked.exit_code)


def can_edit() -> bool:
    """Whether somebody sits at a terminal that can draw."""
    return sys.stdin.isatty() and out.is_terminal and not out.is_dumb_terminal


def _terminal(session: Any, status: Status) -> tuple[Any, Any]:
    from qwen_router.repl.commands import COMMANDS
    from qwen_router.repl.completion import CommandCompleter
    from qwen_router.repl.history import KeptHistory
    from qwen_router.repl.live import LiveScreen
    from qwen_router.repl.markdown import THEME
    from qwen_router.repl.prompt import TerminalReader

    out.push_theme(THEME)
    words = {
        "model": lambda: [row.model.rpartition("/")[2] for row in session.router.models()],
        "task": lambda: session.router.tasks,
    }
    reader = TerminalReader(
        KeptHistory(session.router.settings.state_dir / "chat_history", lambda line: err.print(line, style="dim")),
        CommandCompleter(COMMANDS.values(), words),
        status.line,
        lambda: session.router.settings.limits.max_characters,
        lambda line: err.print(line, style="yellow", soft_wrap=False),
    )
    return reader, LiveScreen(out, status)


def _plain(status: Status) -> tuple[Any, Any]:
    from qwen_router.repl.reader import LineReader
    from qwen_router.repl.screen import PlainScreen

    return LineReader(), PlainScreen(status)


def _open(config: Any, overrides: dict[str, Any], status: Status) -> Router:
    import logging

    from qwen_router.app import Router

    settings = load_settings(config, **overrides)
    logging.getLogger("qwen_router").setLevel(settings.log.level.upper())
    return Router(settings, plugins=[status], progress=status.progress)
