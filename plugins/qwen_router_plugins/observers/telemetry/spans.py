"""Makes spans of a call's events."""

from __future__ import annotations

from collections.abc import Mapping

from opentelemetry.trace import Span, SpanKind, StatusCode, Tracer, set_span_in_context

from qwen_router import Event
from qwen_router.events import (
    Admitted,
    Answered,
    Begun,
    Checked,
    Classified,
    Composed,
    Denied,
    Escalated,
    Evicted,
    Failed,
    Generated,
    Lent,
    Loaded,
    Planned,
    Selected,
)
from qwen_router_plugins.observers.telemetry.attributes import WORKFLOW, Value, attributes_of, usage_of
from qwen_router_plugins.observers.telemetry.call import CallEvents
from qwen_router_plugins.observers.telemetry.content import input_messages, output_messages

_NAMES: dict[type[Event], str] = {
    Admitted: "admit",
    Classified: "classify",
    Planned: "plan",
    Selected: "select",
    Loaded: "load",
    Lent: "wait",
    Generated: "chat",
    Checked: "verify",
    Escalated: "escalate",
    Composed: "compose",
}


def make_spans(tracer: Tracer, call: CallEvents, *, content: bool) -> None:
    """Make one span of the call, and in it one of each of its steps; a model loaded before any call has its own.

    Args:
        tracer: Its processor is handed the spans.
        content: Whether they hold what was said.
    """
    first, came = call.events[0]
    if not isinstance(first, Begun):
        _step(tracer, call, first, came, None, content=content)
        return
    name = " ".join(WORKFLOW.values())
    root = tracer.start_span(name, call.parent, start_time=call.times(first, came)[0])
    root.set_attributes(_sendable({**WORKFLOW, "qwen_router.request_id": first.request_id}))
    for event, came in call.events:
        if type(event) in _NAMES:
            _step(tracer, call, event, came, root, content=content)
        _tell(root, event, call.times(event, came)[1], content=content)
    root.end(call.times(*call.events[-1])[1])


def _step(tracer: Tracer, call: CallEvents, event: Event, came: int, root: Span | None, *, content: bool) -> None:
    """Make the span of one step."""
    name, kind = _NAMES[type(event)], SpanKind.INTERNAL
    said = dict(attributes_of(event))
    if isinstance(event, Generated):
        won, generation = event.choice.winner, event.generation
        name = f"{name} {won.model}"
        kind = SpanKind.CLIENT if won.offer.device == "remote" else kind
        if content:
            said["gen_ai.output.messages"] = output_messages(
                generation.text, generation.thinking, generation.finish_reason
            )
    start, end = call.times(event, came)
    context = call.parent if root is None else set_span_in_context(root)
    span = tracer.start_span(name, context, kind, _sendable(said), start_time=start)
    span.end(end)


def _tell(root: Span, event: Event, when: int, *, content: bool) -> None:
    """Put on the span of the call what belongs to the whole."""
    said: dict[str, Value] = {}
    match event:
        case Admitted(request=request):
            if request.thread is not None:
                said["gen_ai.conversation.id"] = request.thread
            if content:
                said["gen_ai.input.messages"] = input_messages(request)
        case Evicted():
            root.add_event("evicted", _sendable(attributes_of(event)), when)
        case Denied():
            said |= attributes_of(event)
            root.add_event("denied", timestamp=when)
        case Answered(answer=answer):
            said |= {"qwen_router.outcome": "refused" if answer.refused else "answered", **usage_of(answer.usage)}
            if content:
                said["gen_ai.output.messages"] = output_messages(answer.text, answer.thinking, "stop")
        case Failed(error=error):
            # Its message may tell what was asked.
            said |= {"qwen_router.outcome": "failed", "error.type": type(error).__name__}
            root.set_status(StatusCode.ERROR)
    root.set_attributes(_sendable(said))


def _sendable(said: Mapping[str, Value]) -> dict[str, Value]:
    """Mend half surrogate pairs: one would keep a whole batch from being sent."""
    return {
        key: value if not isinstance(value, str) or value.isascii() else _mended(value) for key, value in said.items()
    }


def _mended(text: str) -> str:
    return text.encode("utf-8", "replace").decode()
