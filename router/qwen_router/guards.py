"""Combines the guards' verdicts: any deny wins, and a guard that fails denies."""

from __future__ import annotations

import logging
from typing import Any

import pluggy

from qwen_router.config import Settings
from qwen_router.errors import InputError
from qwen_router.hooks import call_impl
from qwen_router.request import Request
from qwen_router.types import Answer, Verdict

_log = logging.getLogger(__name__)


def check_request(
    manager: pluggy.PluginManager, request: Request, settings: Settings
) -> tuple[Request, Verdict | None]:
    """Return the request as the guards rewrote it, and the verdict that denies it, if any."""
    for impl in manager.hook.check_request.get_hookimpls():
        verdict = _ask(impl, {"request": request, "settings": settings})
        if verdict is None or verdict.action == "allow":
            continue
        if verdict.action == "deny":
            return request, verdict
        if verdict.messages is not None:
            request = request.model_copy(update={"messages": verdict.messages})
        if verdict.text is not None or verdict.messages is None:
            request = request.with_text(verdict.text or "")
    return request, None


def check_answer(
    manager: pluggy.PluginManager, request: Request, answer: Answer, settings: Settings
) -> tuple[Answer, Verdict | None]:
    """Return the answer as the guards rewrote it, and the verdict that denies it, if any."""
    for impl in manager.hook.check_answer.get_hookimpls():
        verdict = _ask(impl, {"request": request, "answer": answer, "settings": settings})
        if verdict is None or verdict.action == "allow":
            continue
        if verdict.action == "deny":
            return answer, verdict
        answer = answer.model_copy(update={"text": verdict.text or ""})
    return answer, None


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
