"""Runs a model: leases it, streams, keeps its thought to the budget, measures."""

from __future__ import annotations

import time

from langchain_core.messages import AIMessage, BaseMessage, HumanMessage

from qwen_router.backend import call_options
from qwen_router.calling import Calls
from qwen_router.cancellation import current_cancellation
from qwen_router.collecting import Write
from qwen_router.request import estimated_tokens
from qwen_router.sampling import sampling_of
from qwen_router.services import Services
from qwen_router.state import Work
from qwen_router.types import Generation, Timings


def generate(services: Services, work: Work, write: Write) -> Generation:
    """Return what the chosen model says, after streaming it to `write`.

    A thought that has used its budget up is closed, and the model is called again to go on with the answer; so is one
    that ends without an answer. A thought that the second call begins counts against the answer's tokens.

    Raises:
        Cancelled: The caller stopped the call; the model has stopped too.
        OutOfMemory: Loading or generating took more memory than there is.
        BackendError: The model failed.
    """
    assert work.choice is not None
    winner = work.choice.winner
    model = services.catalogue.find(winner.model)
    specialist = services.registry.specialist(work.step.task)
    cancellation = current_cancellation()
    cancellation.check()
    sampling, warnings = sampling_of(services, work, model, thinking=winner.thinking)
    asked = time.perf_counter()
    ceiling = _ceiling(services, work, asked)
    with services.pool.lease(winner) as chat_model:
        leased = time.perf_counter()
        messages = [*specialist.messages(work.request), *_correction(work)]
        calls = Calls(work, model, chat_model, messages, cancellation, write, ceiling=ceiling)
        calls.run(call_options(sampling, thinking=winner.thinking, json_schema=work.request.json_schema))
        ended = time.perf_counter()
    if cancellation.cancelled:
        cancellation.check()
    text, thinking = calls.said()
    usage = calls.usage(estimated_tokens(work.request, winner.media_tokens))
    timings = Timings(
        wait=leased - asked,
        first_token=(calls.first or ended) - leased,
        generate=ended - leased,
        total=ended - asked,
    )
    if services.track_record is not None and calls.first is not None:
        services.track_record.answered(winner, usage.output_tokens - len(calls.heard), calls.seconds)
    return specialist.parse(
        Generation(
            text=text,
            thinking=thinking,
            usage=usage,
            timings=timings,
            finish_reason=calls.finish_reason,
            warnings=warnings,
        )
    )


def _ceiling(services: Services, work: Work, now: float) -> float | None:
    """Return the time at which a further attempt ends; the first is bound by the caller's deadline alone."""
    if not work.attempts:
        return None
    return now + services.settings.escalation.max_seconds - sum(a.timings.total for a in work.attempts)


def _correction(work: Work) -> list[BaseMessage]:
    """Return the rejected answer and what is wrong with it, when it is to be mended."""
    if not work.escalations or work.escalations[-1].action != "fix" or work.generation is None:
        return []
    return [AIMessage(work.generation.text), HumanMessage(work.attempts[-1].check.feedback)]
