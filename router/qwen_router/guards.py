"""Combines the guards' verdicts: any deny wins, and a guard that fails denies."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import Any, NamedTuple

import pluggy

from qwen_router.config import Settings
from qwen_router.errors import InputError
from qwen_router.hooks import call_impl
from qwen_router.request import Request
from qwen_router.types import Answer, Usage, Verdict

_log = logging.getLogger(__name__)


class Admission(NamedTuple):
    """What the guards made of a request: as they rewrote it, what denies it, and what else they had to say."""

    request: Request
    denied: Verdict | None = None
    noted: tuple[Verdict, ...] = ()


def check_request(manager: pluggy.PluginManager, request: Request, settings: Settings) -> Admission:
    """Ask every guard, in order, until one denies."""
    noted: list[Verdict] = []
    silent = dict.fromkeys(settings.security.required_guards)
    for impl in manager.hook.check_request.get_hookimpls():
        verdict = _ask(impl, {"request": request, "settings": settings})
        if verdict is None:
            continue
        silent.pop(impl.plugin_name, None)
        if verdict.action == "deny":
            return Admission(request, verdict, tuple(noted))
        if verdict.action == "rewrite":
            request = _rewritten(request, verdict)
        if verdict.kind:
            # What it was rewritten to is in the request.
            noted.append(verdict.model_copy(update={"text": None, "messages": None, "placeholders": {}}))
    return Admission(request, _missed(silent), tuple(noted))


def check_answer(
    manager: pluggy.PluginManager, request: Request, answer: Answer, settings: Settings
) -> tuple[Answer, Verdict | None]:
    """Return the answer as the guards rewrote it, and the verdict that denies it, if any."""
    impls = manager.hook.check_answer.get_hookimpls()
    # One that has no say on answers has had its say on the request.
    looking = {impl.plugin_name for impl in impls}
    silent = dict.fromkeys(name for name in settings.security.required_guards if name in looking)
    for impl in impls:
        verdict = _ask(impl, {"request": request, "answer": answer, "settings": settings})
        if verdict is None:
            continue
        silent.pop(impl.plugin_name, None)
        if verdict.action == "deny":
            return answer, verdict
        if verdict.action == "rewrite":
            answer = answer.model_copy(update={"text": verdict.text or ""})
    return answer, _missed(silent)


def settle(
    manager: pluggy.PluginManager, request: Request, answer: Answer | None, usage: Usage, settings: Settings
) -> None:
    """Tell every guard that a call is over, one by one, so that a raising one can't keep it from the others."""
    values = {"request": request, "answer": answer, "usage": usage, "settings": settings}
    for impl in manager.hook.settle.get_hookimpls():
        try:
            call_impl(impl, values)
        except Exception:
            _log.exception("The guard %s failed to settle a call.", impl.plugin_name)


def _rewritten(request: Request, verdict: Verdict) -> Request:
    if verdict.messages is None:
        request = request.with_text(verdict.text or "")
    else:
        request = request.model_copy(update={"messages": verdict.messages})
    if not verdict.placeholders:
        return request
    return request.model_copy(update={"placeholders": {**request.placeholders, **verdict.placeholders}})


def _missed(silent: Iterable[str]) -> Verdict | None:
    """Deny for the first required guard that said nothing."""
    for name in silent:
        return Verdict(
            action="deny",
            kind="guard_missing",
            why=f"The required guard {name} gave no verdict, so the call is denied.",
            fix="Install and allow it, or take it out of security.required_guards.",
        )
    return None


def _ask(impl: Any, values: dict[str, Any]) -> Verdict | None:
    """Ask one guard; a guard that raises or answers nonsense denies."""
    try:
        verdict = call_impl(impl, values)
        if verdict is None or isinstance(verdict, Verdict):
            return verdict
        fault = f"it returned {type(verdict).__name__}"
    except InputError:
        # The request can't be read at all: the caller's mistake, not the guard's fault.
        raise
    except Exception as error:
        _log.exception("The guard %s failed.", impl.plugin_name)
        fault = f"it raised {type(error).__name__}"
    return Verdict(
        action="deny",
        kind="guard_failed",
        why=f"The guard {impl.plugin_name} failed ({fault}), so the call is denied.",
        fix="Mend the guard or switch it off; the log has the details.",
    )
