"""Asks a model something short, to see how it does."""

from __future__ import annotations

import time
from contextlib import closing

from langchain_core.messages import HumanMessage

from qwen_router.backend import call_options
from qwen_router.cancellation import Cancellation, cancellation_scope
from qwen_router.choice import Candidate
from qwen_router.collecting import Collector
from qwen_router.errors import RouterError
from qwen_router.health.finding import Finding
from qwen_router.request import Sampling
from qwen_router.services import Services

_QUESTION, _TOKENS = "Count from one to thirty in words.", 32
_PATIENCE = 120.0
"""Seconds for a call, loading and waiting included."""


def ask(services: Services, candidate: Candidate) -> Finding:
    """Make one short call and say how long it took. Guards aren't asked, and nothing is recorded."""
    name = f"{candidate.model.rpartition('/')[2]} {candidate.precision}"
    asked = time.perf_counter()
    try:
        with cancellation_scope(Cancellation(_PATIENCE)) as cancellation, services.pool.lease(candidate) as model:
            leased = time.perf_counter()
            heard = Collector(lambda _: None, "1", 1)
            options = call_options(Sampling(temperature=0.0, max_new_tokens=_TOKENS))
            # Typed as an iterator, always a generator: one that isn't closed keeps the model busy.
            with closing(model.stream([HumanMessage(_QUESTION)], **options)) as stream:  # type: ignore[type-var]
                for chunk in stream:
                    heard.add(chunk)
                    cancellation.check()
    except Exception as error:
        # A model may fail in any way: that is what is looked for.
        what, fix = (error.what, error.fix) if isinstance(error, RouterError) else (repr(error), "")
        return Finding(
            check="model",
            subject=name,
            status="unhealthy",
            measured=what,
            recommendation=fix or "Choose another model, or look into the log of its backend.",
        )
    return _judged(services, name, heard, waited=leased - asked, leased=leased)


def _judged(services: Services, name: str, heard: Collector, *, waited: float, leased: float) -> Finding:
    limits, tokens = services.settings.health, heard.counted(0).output_tokens
    if heard.first is None or heard.last is None:
        fix = "Fetch the model anew, or choose another."
        return Finding(check="model", subject=name, status="unhealthy", measured="It said nothing.", recommendation=fix)
    # One piece says nothing of the speed.
    speed = (tokens - 1) / (heard.last - heard.first) if heard.last > heard.first else None
    slow = heard.last - leased > limits.max_seconds or (speed is not None and speed < limits.min_tokens_per_second)
    wait = f"Ready after {waited:.1f} s. " if waited >= 0.1 else ""
    rate = "" if speed is None else f", then {speed:.1f} tokens/s"
    return Finding(
        check="model",
        subject=name,
        status="degraded" if slow else "healthy",
        measured=f"{wait}First token after {heard.first - leased:.2f} s{rate}.",
        recommendation='Set sizing.prefer = "speed", or give it more cores or an accelerator.' if slow else "",
        value=speed,
        limit=limits.min_tokens_per_second,
        unit="tokens/s",
    )
