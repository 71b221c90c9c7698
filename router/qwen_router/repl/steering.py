"""Commands that change how requests are answered."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING, Any

from qwen_router.catalog import load_catalogue
from qwen_router.choice import Candidate
from qwen_router.errors import InputError, UnknownTask
from qwen_router.repl.command import without_argument
from qwen_router.suggestion import nearest

if TYPE_CHECKING:
    from qwen_router.app import Router
    from qwen_router.repl.chat import Chat

_THINKING = {"on": True, "off": False, "auto": None}


def model(chat: Chat, argument: str) -> None:
    """Choose the model, leave it to the router, or say which it is."""
    session = chat.session
    if argument:
        known = load_catalogue(session.router.settings.catalogue)
        chosen = None if argument == "auto" else known.find(argument).id
        session.hints = session.hints.model_copy(update={"model": chosen})
    chat.note(f"model: {session.hints.model or 'auto'}")


def task(chat: Chat, argument: str) -> None:
    """Choose the task, leave it to the router, or say which it is."""
    session = chat.session
    if argument:
        if argument != "auto" and argument not in session.router.tasks:
            raise UnknownTask(f"No specialist serves {argument}.", nearest(argument, session.router.tasks, "tasks"))
        session.hints = session.hints.model_copy(update={"task": None if argument == "auto" else argument})
    chat.note(f"task: {session.hints.task or 'auto'}")


def thinking(chat: Chat, argument: str) -> None:
    """Say whether models think, or show or hide their thoughts."""
    session = chat.session
    if argument in ("show", "hide"):
        session.unfolded = argument == "show"
        if session.unfolded:
            chat.show_thought()
    elif argument in _THINKING:
        session.hints = session.hints.model_copy(update={"thinking": _THINKING[argument]})
    elif argument:
        raise InputError(f"/thinking {argument} means nothing.", "Take one of show, hide, on, off, auto.")
    mode = {value: word for word, value in _THINKING.items()}[session.hints.thinking]
    chat.note(f"thinking: {mode}, {'shown' if session.unfolded else 'folded'}")


def retry(chat: Chat, argument: str) -> None:
    """Answer the last message again."""
    session = chat.session
    if argument == "bigger":
        decision = session.decision
        if decision is None or decision.plan is None or not decision.choices:
            raise InputError("No model has answered yet.", "Ask something first.")
        step = decision.plan.steps[-1]
        name = _bigger(session.router, step.task, decision.choices[step.id].winner)
        chat.note(f"model: {name}")
        chat.answer(session.retry(model=name))
    elif argument in ("", "thinking"):
        chat.answer(session.retry(**({"thinking": True} if argument else {})))
    else:
        raise InputError(f"/retry {argument} means nothing.", "Take /retry, /retry bigger or /retry thinking.")


def _bigger(router: Router, task: str, than: Candidate) -> str:
    """Return the smallest larger model for a task that is here and fits.

    Raises:
        InputError: There is none.
    """
    size = load_catalogue(router.settings.catalogue)[than.model].parameters
    fitting = sorted((r for r in router.models(task) if r.parameters > size and r.best), key=lambda row: row.parameters)
    if here := [row for row in fitting if row.where in ("loaded", "on disk", "served")]:
        return here[0].model
    fix = f"Fetch one: qwen-router pull {fitting[0].model.rpartition('/')[2]}" if fitting else "None fits."
    raise InputError(f"No larger model than {than.model.rpartition('/')[2]} is here.", fix)


def policy(chat: Chat, argument: str) -> None:
    """Set a key of the configuration for this session, or show what was set."""
    session = chat.session
    if not argument:
        chat.note(", ".join(_lines(session.overrides)) or "Nothing is set for this session.")
        return
    key, sign, value = (part.strip() for part in argument.partition("="))
    if not sign or not all(key.split(".")) or "." not in key:
        raise InputError(f"/policy {argument} sets nothing.", "Write it like /policy sizing.prefer=speed.")
    session.reopen(_merged(session.overrides, key.split("."), _value(value)))
    chat.note(f"{key} = {value}")


def reload(chat: Chat, argument: str) -> None:
    """Read the configuration again; what /policy set stays."""
    without_argument("reload", argument)
    chat.session.reopen(chat.session.overrides)
    chat.note("The configuration was read again.")


def _value(text: str) -> Any:
    """Read a value as TOML does; a word without quotes is a string."""
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text


def _merged(tables: dict[str, Any], path: list[str], value: Any) -> dict[str, Any]:
    head, *rest = path
    below = tables.get(head)
    return {**tables, head: _merged(below if isinstance(below, dict) else {}, rest, value) if rest else value}


def _lines(tables: dict[str, Any], path: str = "") -> list[str]:
    lines: list[str] = []
    for key, value in tables.items():
        lines += _lines(value, f"{path}{key}.") if isinstance(value, dict) else [f"{path}{key} = {value}"]
    return lines
