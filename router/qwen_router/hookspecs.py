"""Every hook a plugin can implement. The docstring is the contract.

A hook implementation takes the arguments it needs, by name, and may leave out the rest.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pluggy

from qwen_router.backend import Backend, WeightSource
from qwen_router.catalog import Model
from qwen_router.choice import Candidate, Choice
from qwen_router.config import Settings
from qwen_router.events import Event
from qwen_router.health import Finding
from qwen_router.metric import Exposition
from qwen_router.request import Request
from qwen_router.resources import Resources
from qwen_router.specialist import Specialist
from qwen_router.status import Status
from qwen_router.types import Answer, Attempt, Classification, Escalation, Plan, Usage, Verdict

PROJECT = "qwen_router"
hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)


@hookspec
def specialists(settings: Settings) -> Sequence[Specialist]:  # type: ignore[empty-body]
    """Return the specialists this plugin adds; called once, at start.

    A name that another plugin has taken is an error naming both. Raising stops the start.
    """


@hookspec
def backends(settings: Settings) -> Sequence[Backend]:  # type: ignore[empty-body]
    """Return the backends this plugin adds; called once, at start. Names as for `specialists`."""


@hookspec
def weight_sources(settings: Settings) -> Sequence[WeightSource]:  # type: ignore[empty-body]
    """Return the weight sources this plugin adds; called once, at start. Names as for `specialists`."""


@hookspec
def classify(request: Request, classification: Classification, settings: Settings) -> Classification | None:
    """Return a refined classification, or `None` to abstain.

    Each plugin is asked in the order of registration and sees what the one before made of it. Raising fails the
    request.
    """


@hookspec(firstresult=True)
def plan(
    request: Request,
    classification: Classification,
    classify_text: Callable[[str], Classification],
    settings: Settings,
) -> Plan | None:
    """Return the steps of a request, or `None` to leave it to the next plugin.

    The last registered plugin is asked first. When all abstain the request is one step. Raising fails the request,
    and so does a plan that can't run. With `router.planner = "model"` the plugins are asked only when the model's plan
    can't be used.
    """


@hookspec(firstresult=True)
def think(request: Request, classification: Classification, model: Model, settings: Settings) -> int | None:
    """Return the most tokens that `model` should think for this request, or `None` to leave it to the next plugin.

    0 is not to think. `True` leaves the number to the operator and takes `thinking.max_tokens`; `False` is 0. A number
    that the caller gave (`hints.thinking_budget`) replaces one above 0. Asked of every model that can think; one that
    always does thinks all the same, but is passed over if it can be where the answer is 0. When all abstain the model
    doesn't think. Raising, or returning anything else, fails the request.
    """


@hookspec(firstresult=True)
def size(
    candidates: Sequence[Candidate],
    classification: Classification,
    request: Request,
    resources: Resources,
    settings: Settings,
) -> Choice | None:
    """Choose among the candidates that aren't rejected yet, or return `None` to leave it to the next plugin.

    The choice lists every candidate, each loser with its reason. Raising fails the request.
    """


@hookspec(firstresult=True)
def escalate(
    attempts: Sequence[Attempt],
    candidates: Sequence[Candidate],
    classification: Classification,
    request: Request,
    settings: Settings,
) -> Escalation | None:
    """Say what to try after the last of `attempts` was rejected, or `None` to leave it to the next plugin.

    `candidates` are those that could still be tried. When all abstain the best answer so far is returned.
    """


@hookspec
def check_request(request: Request, settings: Settings) -> Verdict | None:
    """Allow, rewrite or deny a request before anything else sees it; `None` abstains.

    `request` holds the whole conversation, what is kept of it included. Any deny wins. A guard that raises denies, and
    so does a required one (`security.required_guards`) that abstains; only an `InputError`, for a request that can't be
    read at all, goes to the caller as it is. Rewrites, of the last turn's `text` or of all `messages`, are applied in
    the order of registration, each seeing the last.
    """


@hookspec
def check_answer(request: Request, answer: Answer, settings: Settings) -> Verdict | None:
    """Allow, rewrite or deny an answer before the caller sees it. Combines like `check_request`."""


@hookspec
def settle(request: Request, answer: Answer | None, usage: Usage, settings: Settings) -> None:
    """Be told that a call is over, whatever became of it; give back what was set aside for it.

    Called once for each call, in its thread: after an answer, a refusal, an error or a cancellation, and after
    `explain`, which answers nothing. `request` is what the caller sent, `answer` is `None` where there is none, and
    `usage` is what the models took, also for answers that were rejected or broken off. Raising is logged and no more.
    """


@hookspec
def start(settings: Settings, status: Callable[[], Status]) -> None:
    """Be told that a router starts: open here what `observe` needs.

    `status` tells at any time, in any thread, what the router is doing. Raising stops the start.
    """


@hookspec
def stop() -> None:
    """Be told that the router is closed and its models unloaded: write out what is left, give back what is held.

    Called once; also without `start`, where another plugin failed before. Raising is logged and no more.
    """


@hookspec
def health(settings: Settings) -> Finding | None:
    """Say how what the plugin depends on is, such as a server; `None` where there is nothing to say.

    Asked by `Router.health()`, in its thread: return within seconds. Raising makes the router degraded.
    """


@hookspec
def observe(event: Event) -> None:
    """Be told of one event, in the thread of the call, at once: return quickly.

    An observer that raises is isolated, counted and logged; it never breaks a call.
    """


@hookspec(firstresult=True)
def exposition(settings: Settings) -> Exposition | None:
    """Return the metrics that `qwen-router metrics` lists and serves, or `None` to leave it to the next plugin."""
