"""Loads models before a request needs them."""

from __future__ import annotations

import logging

from qwen_router import deciding
from qwen_router.choice import Candidate
from qwen_router.errors import RouterError
from qwen_router.request import Hints, Request
from qwen_router.services import Services
from qwen_router.types import Classification, Step

_log = logging.getLogger(__name__)


def preload(services: Services) -> None:
    """Load the models of `pool.preload`, one after the other, as the ordinary choice would take them.

    A model that can't be loaded is logged: requests still find another, or hear the reason themselves.
    """
    for name in services.settings.pool.preload:
        try:
            with services.pool.lease(_choose(services, name)):
                pass
        except RouterError as error:
            _log.warning("%s could not be preloaded: %s", name, error)


def _choose(services: Services, name: str) -> Candidate:
    model = services.catalogue.find(name)
    tasks = [s.task for s in services.registry.specialists.values() if model.id in s.ladder]
    task = tasks[0] if tasks else "general"
    request = Request.of(f"Load {model.id}.", hints=Hints(task=task, model=model.id))
    classification = Classification(scores={task: 1.0}, task=task, difficulty=1.0)
    return deciding.choose(services, request, classification, Step(id="1", task=task, prompt=request.text)).winner
