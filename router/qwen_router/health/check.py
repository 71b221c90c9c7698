"""Puts the findings together."""

from __future__ import annotations

import time
from collections.abc import Iterator

from qwen_router.errors import RouterError
from qwen_router.health.asking import ask
from qwen_router.health.calls import look_at_calls, speed
from qwen_router.health.finding import Finding, Health, worst
from qwen_router.health.machine import look_at_machine, winner_for
from qwen_router.hooks import call_impl
from qwen_router.services import Services


def check_health(services: Services, *, deep: bool) -> Health:
    """Look at everything, and at the models themselves where `deep` is set."""
    calls = services.recent.calls()
    findings = [
        *look_at_machine(services),
        *look_at_calls(calls, services.settings.health),
        *(() if calls else _expected_speed(services)),
        *_plugins(services),
        *(_models(services) if deep else ()),
    ]
    status = worst([finding.status for finding in findings])
    return Health(status=status, checked=time.time(), deep=deep, calls=len(calls), findings=tuple(findings))


def _expected_speed(services: Services) -> Iterator[Finding]:
    """Yield what this machine has shown before, of the model that a plain request would take."""
    try:
        winner = winner_for(services, "general")
    except RouterError:
        # Another finding says so.
        return
    shown = None if services.track_record is None else services.track_record.tokens_per_second(winner)
    if shown is not None:
        whose = f"what {winner.model.rpartition('/')[2]} {winner.precision} has shown on this machine"
        yield speed(shown, whose, services.settings.health)


def _plugins(services: Services) -> Iterator[Finding]:
    for impl in services.manager.hook.health.get_hookimpls():
        try:
            found = call_impl(impl, {"settings": services.settings})
            if found is not None:
                yield Finding.model_validate(found)
        except Exception as fault:
            yield Finding(
                check="plugin",
                subject=impl.plugin_name,
                status="degraded",
                measured=f"It failed to say how it is: {type(fault).__name__}.",
                recommendation="Mend the plugin.",
            )


def _models(services: Services) -> Iterator[Finding]:
    """Ask every loaded model; where there is none, the one that a plain request would take."""
    loaded = services.pool.candidates()
    try:
        candidates = loaded or [winner_for(services, "general")]
    except RouterError:
        return
    for candidate in candidates:
        yield ask(services, candidate)
