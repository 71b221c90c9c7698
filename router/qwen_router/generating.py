"""Runs a model: leases it, streams, lets it go on with what came of its turn, measures."""

from __future__ import annotations

import time
from collections.abc import Callable

from langchain_core.messages import AIMessage, BaseMessage, HumanMessage

from qwen_router.backend import call_options
from qwen_router.calling import Calls
from qwen_router.cancellation import current_cancellation
from qwen_router.collecting import Write
from qwen_router.languages import instruction, speaks_of_language
from qwen_router.request import Chunk, estimated_tokens
from qwen_router.sampling import sampling_of
from qwen_router.services import Services
from qwen_router.specialist import Specialist
from qwen_router.state import Work
from qwen_router.types import Generation, Timings, Usage


def generate(services: Services, work: Work, write: Write, use: Callable[[Usage], None]) -> Generation:
    """Return what the chosen model says, after streaming it to `write`.

    A thought that has used its budget up is closed, and the model is called again to go on with the answer; so is one
    that ends without an answer. A thought that the second call begins counts against the answer's tokens.

    Args:
        use: Told what the model took, whatever became of it.

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
    turns = _Turns(specialist, work, write, services.settings.generation.max_rounds)
    prompt = estimated_tokens(work.request, winner.media_tokens)
    try:
        with services.pool.lease(winner) as chat_model:
            leased = time.perf_counter()
            messages = [*_in_language(work, specialist), *_correction(work)]
            options = call_options(
                sampling,
                thinking=winner.thinking,
                json_schema=work.request.json_schema,
                tools=work.request.tools,
                tool_choice=work.request.tool_choice,
            )
            while True:
                calls = Calls(
                    work, model, chat_model, [*messages, *turns.messages], cancellation, write, ceiling=ceiling
                )
                turns.calls.append(calls)
                calls.run(options)
                if not turns.add(calls):
                    break
            ended = time.perf_counter()
    finally:
        usage = turns.usage(prompt)
        use(usage)
    if cancellation.cancelled:
        cancellation.check()
    timings = Timings(
        wait=leased - asked,
        first_token=(turns.calls[0].first or ended) - leased,
        generate=ended - leased,
        total=ended - asked,
    )
    if services.track_record is not None and turns.calls[0].first is not None:
        heard = sum(len(calls.heard) for calls in turns.calls)
        services.track_record.answered(winner, usage.output_tokens - heard, sum(c.seconds for c in turns.calls))
    return specialist.parse(
        Generation(
            text=turns.text,
            thinking=turns.thinking,
            usage=usage,
            timings=timings,
            finish_reason=turns.calls[-1].finish_reason,
            tool_calls=turns.calls[-1].tool_calls,
            warnings=warnings,
        )
    )


class _Turns:
    """What the model says, turn by turn, and what it is told in between.

    Attributes:
        calls: Those of each turn, the one that is being made included.
        messages: The turns that are over, with what was answered to each.
    """

    def __init__(self, specialist: Specialist, work: Work, write: Write, most: int) -> None:
        self._specialist, self._work, self._write, self._most = specialist, work, write, most
        self.calls: list[Calls] = []
        self.messages: list[BaseMessage] = []
        self._texts: list[str] = []
        self._thoughts: list[str] = []

    def add(self, calls: Calls) -> bool:
        """Take what was said in a turn that is over; say whether there is another one."""
        text, thought = calls.said()
        self._texts.append(text)
        self._thoughts.append(thought)
        if calls.finish_reason not in ("stop", "length"):
            return False
        told = self._specialist.follow_up(self._work.request, Generation(text=text, thinking=thought))
        if told is None:
            return False
        self.messages += [AIMessage(text), HumanMessage(told.text)]
        self._texts.append(told.text)
        shown = f"\n\n{told.text}" if told.done else f"\n\n{told.text}\n\n"
        self._write(Chunk(kind="text", text=shown, step=self._work.step.id, attempt=len(self._work.attempts) + 1))
        return not told.done and len(self.calls) <= self._most

    @property
    def text(self) -> str:
        """Everything that was said and told."""
        return "\n\n".join(filter(None, self._texts))

    @property
    def thinking(self) -> str:
        """The thoughts of all turns."""
        return "\n\n".join(filter(None, self._thoughts))

    def usage(self, prompt: int) -> Usage:
        """Return the tokens of all turns; each reads the conversation anew.

        Args:
            prompt: About how many tokens the prompt has, for a call that was broken off before the backend told.
        """
        return sum((calls.usage(prompt) for calls in self.calls if calls.answered), Usage())


def _ceiling(services: Services, work: Work, now: float) -> float | None:
    """Return the time at which a further attempt ends; the first is bound by the caller's deadline alone."""
    if not work.attempts:
        return None
    return now + services.settings.escalation.max_seconds - sum(a.timings.total for a in work.attempts)


def _in_language(work: Work, specialist: Specialist) -> list[BaseMessage]:
    """Return the specialist's messages, with the language to answer in where models would slip into another."""
    messages = specialist.messages(work.request)
    language = work.classification.language
    if not work.request.languages and (language in ("en", "und") or speaks_of_language(work.request.text)):
        return messages
    return specialist.under(instruction(language), messages)


def _correction(work: Work) -> list[BaseMessage]:
    """Return the rejected answer and what is wrong with it, when it is to be mended."""
    if not work.escalations or work.escalations[-1].action != "fix" or work.generation is None:
        return []
    return [AIMessage(work.generation.text), HumanMessage(work.attempts[-1].check.feedback)]
