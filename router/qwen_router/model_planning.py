"""Asks a general model for the plan of a request, and checks what it says."""

from __future__ import annotations

import logging
import re
from typing import Any

from langchain_core.messages import HumanMessage, SystemMessage
from pydantic import BaseModel, ConfigDict, Field

from qwen_router import deciding
from qwen_router.backend import call_options
from qwen_router.cancellation import current_cancellation
from qwen_router.errors import RouterError
from qwen_router.plan_checking import fault_of
from qwen_router.request import Request, Sampling
from qwen_router.services import Services
from qwen_router.types import Classification, Modality, Plan, Step, Task

_log = logging.getLogger(__name__)
_SHORTEST, _LONGEST = 40, 4000
"""Bytes of a request and characters of it: two tasks don't fit into less, and a plan repeats what it splits."""
_TOKENS_A_STEP = 40
_BYTES_PER_TOKEN = 3
_NEEDS: dict[Task, Modality] = {"vision": "image", "audio": "audio"}
_SAID, _KEPT, _GRAM = 0.8, 0.6, 3
"""Share of a step that must stand in the request, and of the request that must stand in the steps, by runs of three
characters: a small model invents tasks, or forgets some."""
_ASK = (
    "Split the user's request into the separate tasks that it asks for. Copy each task's prompt word for word from the "
    "request. Kinds of task: {tasks}. `needs` lists the numbers of the earlier steps, counted from 1, whose answers a "
    "step can't do without. A request for one thing is one step. Answer in JSON only; don't do the tasks."
)


class _Part(BaseModel):
    """What the model says of one step."""

    model_config = ConfigDict(extra="forbid")

    prompt: str = Field(min_length=1)
    task: str
    needs: tuple[int, ...] = ()


class _Parts(BaseModel):
    """What the model says."""

    model_config = ConfigDict(extra="forbid")

    steps: tuple[_Part, ...] = Field(min_length=1)


def propose(services: Services, request: Request, classification: Classification) -> Plan | None:
    """Return the plan that a general model makes; `None` leaves it to the rules.

    Nobody is asked when the setting is off or the request is too short for two tasks. A plan that can't run, or says
    something else than the request, is dropped with a line in the log: a planner may help but never block.
    """
    if services.settings.router.planner == "rules" or not deciding.may_split(services, request):
        return None
    text = request.text
    if len(text.encode()) < _SHORTEST or len(text) > _LONGEST:
        return None
    modalities = request.modalities
    tasks = [t for t in services.registry.specialists if t not in _NEEDS or _NEEDS[t] in modalities]
    try:
        plan = _plan(_ask(services, request, classification, tasks), classification, text)
    except RouterError as error:
        current_cancellation().check()
        _log.info("The rules plan instead. Asking the model failed: %s.", type(error).__name__)
        return None
    except ValueError:
        # The error itself would show what was asked.
        _log.info("The rules plan instead. The model didn't answer in the JSON that it was asked for.")
        return None
    if fault := fault_of(plan, tasks, services.settings.router.max_steps) or _mistaken(plan, text):
        _log.info("The rules plan instead. %s", fault)
        return None
    return plan


def _ask(services: Services, request: Request, classification: Classification, tasks: list[Task]) -> str:
    """Return what the model says that general requests are sent to.

    Raises:
        RouterError: None can be loaded, or it failed.
    """
    hints = request.hints.model_copy(update={"thinking": False})
    asked = Request.of(request.text, hints=hints, user=request.user)
    general = classification.model_copy(update={"task": "general", "modalities": ("text",)})
    choice = deciding.choose(services, asked, general, Step(id="plan", task="general", prompt=request.text))
    most = services.settings.router.max_steps
    sampling = Sampling(
        temperature=0.0, max_new_tokens=most * _TOKENS_A_STEP + len(request.text.encode()) // _BYTES_PER_TOKEN
    )
    with services.pool.lease(choice.winner) as model:
        answer = model.invoke(
            [SystemMessage(_ASK.format(tasks=", ".join(tasks))), HumanMessage(request.text)],
            **call_options(sampling, json_schema=_schema(tasks, most)),
        )
    return answer.text


def _schema(tasks: list[Task], most: int) -> dict[str, Any]:
    """Return the JSON schema of a plan."""
    step = {
        "type": "object",
        "properties": {
            "prompt": {"type": "string"},
            "task": {"enum": tasks},
            "needs": {"type": "array", "items": {"enum": list(range(1, most))}, "maxItems": most - 1},
        },
        "required": ["prompt", "task", "needs"],
        "additionalProperties": False,
    }
    steps = {"type": "array", "items": step, "minItems": 1, "maxItems": most}
    return {"type": "object", "properties": {"steps": steps}, "required": ["steps"], "additionalProperties": False}


def _plan(answer: str, classification: Classification, text: str) -> Plan:
    """Return the plan that an answer describes; one step when its steps are all for one specialist.

    Raises:
        ValueError: It isn't the JSON that was asked for.
    """
    parts = _Parts.model_validate_json(answer).steps
    if len({part.task for part in parts}) < 2:
        return Plan(steps=(Step(id="1", task=classification.task, prompt=text),))
    return Plan(
        steps=tuple(
            Step(
                id=str(i), task=part.task, prompt=part.prompt.strip(), needs=tuple(map(str, dict.fromkeys(part.needs)))
            )
            for i, part in enumerate(parts, start=1)
        )
    )


def _mistaken(plan: Plan, text: str) -> str | None:
    """Say how a plan departs from the request; `None` when it doesn't."""
    asked, planned = _grams(text), set[str]()
    for step in plan.steps:
        said = _grams(step.prompt)
        if not said or len(said & asked) < _SAID * len(said):
            return f"The request doesn't say what step {step.id} does."
        planned |= said
    return None if len(planned & asked) >= _KEPT * len(asked) else "The plan leaves out much of the request."


def _grams(text: str) -> set[str]:
    """Return the runs of three characters, letters and digits alone."""
    plain = re.sub(r"\W+", " ", text.lower()).strip()
    return {plain[i : i + _GRAM] for i in range(max(1, len(plain) - _GRAM + 1))} if plain else set()
