"""Asks a model that is already loaded which task a request is, when the classifier is unsure."""

from __future__ import annotations

import json
import logging

from langchain_core.messages import HumanMessage, SystemMessage

from qwen_router.backend import call_options
from qwen_router.errors import RouterError
from qwen_router.request import Request, Sampling
from qwen_router.services import Services
from qwen_router.types import Classification, Reason

_log = logging.getLogger(__name__)
_NEEDS = {"vision": "image", "audio": "audio"}
_LONGEST = 2000
_MOST_TOKENS = 12


def break_tie(services: Services, request: Request, classification: Classification) -> Classification:
    """Return the classification with the task that the smallest loaded model chooses.

    Left alone when the setting is off, the classifier is sure, no model is loaded, or the model fails: a tie-breaker
    may help but never block.
    """
    if services.settings.router.tie_breaker == "off" or not _is_unsure(services, classification):
        return classification
    candidate = services.pool.smallest_warm()
    if candidate is None:
        return classification
    tasks = [t for t in classification.scores if t not in _NEEDS or _NEEDS[t] in classification.modalities]
    try:
        with services.pool.lease(candidate) as model:
            answer = model.invoke(
                [
                    SystemMessage(f"Say which kind of request this is. One of: {', '.join(tasks)}."),
                    HumanMessage(request.text[:_LONGEST]),
                ],
                **call_options(Sampling(temperature=0.0, max_new_tokens=_MOST_TOKENS), json_schema={"enum": tasks}),
            )
        task = json.loads(answer.text)
    except (RouterError, ValueError) as error:
        _log.info("The tie-breaker failed: %s.", type(error).__name__)
        return classification
    if task not in tasks:
        return classification
    reason = Reason(signal=f"{candidate.model.rpartition('/')[2]} was asked", weight=0.0)
    return classification.model_copy(
        update={"task": task, "confidence": classification.scores[task], "reasons": (reason, *classification.reasons)}
    )


def _is_unsure(services: Services, classification: Classification) -> bool:
    return max(classification.scores.values()) < services.settings.router.min_confidence
