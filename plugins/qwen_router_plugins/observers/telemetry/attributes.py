"""What spans say of an event: the semantic conventions for generative AI, and the router's own words beside them.

https://github.com/open-telemetry/semantic-conventions-genai
"""

from __future__ import annotations

from collections.abc import Mapping

from qwen_router import Classification, Event, Usage
from qwen_router.events import (
    Checked,
    Classified,
    Denied,
    Escalated,
    Evicted,
    Generated,
    Lent,
    Loaded,
    Planned,
    Selected,
)

Value = str | bool | int | float | tuple[str, ...]
WORKFLOW = {"gen_ai.operation.name": "invoke_workflow", "gen_ai.workflow.name": "qwen-router"}


def attributes_of(event: Event) -> Mapping[str, Value]:
    """Return what there is to say of one step, never what was said in it."""
    match event:
        case Classified(classification=found):
            return _classification(found)
        case Planned(plan=plan):
            return {"qwen_router.steps": len(plan.steps)}
        case Selected(choice=choice, classification=found):
            return {
                "gen_ai.request.model": choice.winner.model,
                "qwen_router.task": found.task,
                "qwen_router.precision": choice.winner.precision,
                "qwen_router.backend": choice.winner.backend,
                "qwen_router.thinking": choice.winner.thinking,
                "qwen_router.reason": choice.reason,
                "qwen_router.candidates": len(choice.candidates),
                **_step(event),
            }
        case Lent() | Loaded() | Evicted():
            said: dict[str, Value] = {
                "gen_ai.request.model": event.model,
                "qwen_router.precision": event.precision,
                "qwen_router.backend": event.backend,
            }
            return said | ({"qwen_router.why": event.why} if isinstance(event, Evicted) else {})
        case Generated():
            return _chat(event)
        case Checked(check=check):
            return {"qwen_router.check": check.status, "qwen_router.decisive": check.decisive, **_step(event)}
        case Escalated(escalation=escalation):
            return {"qwen_router.escalation": escalation.action, **_step(event)}
        case Denied(verdict=verdict):
            return {"qwen_router.denied": verdict.kind}
    return {}


def usage_of(usage: Usage) -> Mapping[str, Value]:
    """Return the tokens that were read and written; those of thoughts are among the latter."""
    return {
        "gen_ai.usage.input_tokens": usage.input_tokens,
        "gen_ai.usage.output_tokens": usage.output_tokens,
        "gen_ai.usage.reasoning.output_tokens": usage.thinking_tokens,
    }


def _classification(found: Classification) -> Mapping[str, Value]:
    return {
        "qwen_router.task": found.task,
        "qwen_router.confidence": found.confidence,
        "qwen_router.difficulty": found.difficulty,
        "qwen_router.language": found.language,
        "qwen_router.modalities": tuple(found.modalities),
    }


def _chat(event: Generated) -> Mapping[str, Value]:
    won, generation = event.choice.winner, event.generation
    return {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": won.backend,
        "gen_ai.request.model": won.model,
        "gen_ai.response.model": won.model,
        "gen_ai.response.finish_reasons": (generation.finish_reason,),
        "gen_ai.response.time_to_first_chunk": generation.timings.first_token,
        "qwen_router.precision": won.precision,
        "qwen_router.thinking": won.thinking,
        **usage_of(generation.usage),
        **_step(event),
    }


def _step(event: Selected | Generated | Checked | Escalated) -> Mapping[str, Value]:
    return {"qwen_router.step": event.step, "qwen_router.attempt": event.attempt}
