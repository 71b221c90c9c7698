"""Asks a moderator, a model that is made for it, whether what the user says is safe."""

from __future__ import annotations

import logging
import re

from langchain_core.messages import HumanMessage

from qwen_router import deciding
from qwen_router.backend import call_options
from qwen_router.cancellation import current_cancellation
from qwen_router.candidates import list_candidates
from qwen_router.choice import Candidate
from qwen_router.errors import BackendError, NoModelFits, RouterError
from qwen_router.request import Hints, Request, Sampling, text_of
from qwen_router.services import Services
from qwen_router.types import Classification, Moderation

_log = logging.getLogger(__name__)
_TASK = "general"
_LONGEST = 4000
"""Characters it is told, the last ones: with its own instructions they fit the default context in every script."""
_SAMPLING = Sampling(temperature=0.0, max_new_tokens=64)
_SAFETY = re.compile(r"^Safety:[ \t]*(Safe|Unsafe|Controversial)[ \t]*$", re.MULTILINE)
_CATEGORIES = re.compile(r"^Categories:(.*)$", re.MULTILINE)
_KNOWN = (
    "Violent",
    "Non-violent Illegal Acts",
    "Sexual Content or Sexual Acts",
    "PII",
    "Suicide & Self-Harm",
    "Unethical Acts",
    "Politically Sensitive Topics",
    "Copyright Violation",
    "Jailbreak",
)


def moderate(services: Services, request: Request) -> Moderation | None:
    """Return what `security.moderator` makes of the user's turns, all in one call.

    `None` when nobody would look at it, or the moderator can't be loaded, fails or answers nonsense: a moderator may
    decide but never block. What is kept of the conversation isn't asked about again.
    """
    security = services.settings.security
    if not security.moderator or {security.jailbreak, security.harmful_request} == {"off"}:
        return None
    text = "\n\n".join(text_of(m) for m in request.messages if isinstance(m, HumanMessage))
    if not text.strip() or len(text) > services.settings.limits.max_characters:
        return None
    try:
        moderation = _ask(services, text)
    except Exception as error:
        if not current_cancellation().stopped:
            _tell(services, error)
        return None
    services.moderator_fails = False
    return moderation


def _ask(services: Services, text: str) -> Moderation:
    """Load the moderator, ask it and read its answer.

    Raises:
        RouterError: It can't be loaded, fails or answers nonsense.
    """
    asked = text[-_LONGEST:]
    candidate = _find(services, asked)
    with services.pool.lease(candidate) as model:
        answer = model.invoke([HumanMessage(asked)], **call_options(_SAMPLING)).text
    labels = set(_SAFETY.findall(answer))
    if len(labels) != 1:
        raise BackendError(f"{candidate.model} gave no safety label.")
    said = _CATEGORIES.search(answer)
    named = [name.strip() for name in said[1].split(",")] if said else []
    return Moderation(
        model=candidate.model,
        safety=labels.pop(),
        categories=tuple(name for name in _KNOWN if name in named),
        whole=asked == text,
    )


def _find(services: Services, text: str) -> Candidate:
    """Return the way to run the moderator that the ordinary choice takes of those that are here.

    Raises:
        RouterError: None is here, or none can be used now.
    """
    security = services.settings.security
    request = Request.of(text, hints=Hints(task=_TASK, model=security.moderator), sampling=_SAMPLING)
    # As difficult as for preloading, so that the model that was preloaded is the one that is asked.
    classification = Classification(scores={_TASK: 1.0}, task=_TASK, difficulty=1.0)
    candidates = [
        candidate
        for candidate in list_candidates(services, services.registry.specialist(_TASK), request, classification)
        # The guards haven't yet taken out what a server must not be told.
        if candidate.on_disk and (security.pii == "off" or candidate.offer.device != "remote")
    ]
    if not candidates:
        raise NoModelFits(f"{security.moderator} is not here.", f"Fetch it: qwen-router pull {security.moderator}")
    return deciding.size(services, candidates, classification, request).winner


def _tell(services: Services, error: Exception) -> None:
    """Log a failure once, until the moderator answers again; other errors than ours may quote the request."""
    if not services.moderator_fails:
        said = error if isinstance(error, RouterError) else type(error).__name__
        _log.info("The moderator can't be asked, and the trained score decides: %s", said)
    services.moderator_fails = True
