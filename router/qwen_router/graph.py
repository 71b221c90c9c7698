"""The graph: which node follows which."""

from __future__ import annotations

import functools
from typing import Any, cast

from langchain_core.runnables.config import var_child_runnable_config
from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.graph import END, START, StateGraph
from langgraph.graph.state import CompiledStateGraph
from langgraph.runtime import Runtime
from langgraph.types import Command, Send

from qwen_router import nodes
from qwen_router.call import Call
from qwen_router.state import State, Work

Graph = CompiledStateGraph[State, Call, State, State]

# Any: LangGraph's type of a node wants the argument to be called `state`.
_NODES: dict[str, Any] = {
    "admit": nodes.admit,
    "classify": nodes.classify,
    "plan": nodes.plan,
    "compose": nodes.compose,
    "release": nodes.release,
}
# These take one step's work, sent to them, instead of the whole state.
_STEP_NODES: dict[str, Any] = {
    "select": nodes.select,
    "generate": nodes.generate,
    "verify": nodes.verify,
    "escalate": nodes.escalate,
}
_EDGES = {"classify": "plan", "release": END}


def build_graph(checkpointer: BaseCheckpointSaver[str] | None = None) -> Graph:
    """Compile the graph; with a checkpointer it keeps conversations by `thread_id`."""
    graph = StateGraph(State, context_schema=Call)
    for name in _NODES:
        graph.add_node(name, _running_on(name))
    for name in _STEP_NODES:
        # Not `Work`: what is sent needs no schema, and each of its fields would be one more channel to go through.
        graph.add_node(name, _step_running_on(name), input_schema=State)
    graph.add_edge(START, "admit")
    for before, after in _EDGES.items():
        graph.add_edge(before, after)
    return graph.compile(checkpointer=checkpointer)


def _running_on(name: str) -> Any:
    """Return a node that does what follows it, too, as long as that is one thing.

    LangGraph takes longer to go from one node to the next than most nodes do. It is needed where steps part and join,
    where one is tried again, and where a tracer wants to see each.
    """

    @functools.wraps(_NODES[name])
    def run(state: State, runtime: Runtime[Call]) -> Command[Any]:
        if _traced():
            return _run(name, state, runtime)
        # Of the keys that merge what is written, `history` is written last, and `results` here for one step alone.
        update: dict[str, Any] = {}
        at = name
        while True:
            command = _run(at, cast(State, {**state, **update}), runtime)
            update |= cast(dict[str, Any], command.update or {})
            if isinstance(command.goto, list) and len((update.get("plan") or state["plan"]).steps) == 1:
                command = _run_step(command.goto[0], runtime)
                update |= cast(dict[str, Any], command.update or {})
            if not isinstance(command.goto, str) or command.goto not in _NODES:
                return Command(update=update, goto=command.goto)
            at = command.goto

    return run


def _step_running_on(name: str) -> Any:
    """Return a node that does what follows it, too, up to the check of the answer.

    LangGraph begins no node before all that run in parallel are done: so one step's check doesn't wait for another's
    model, and what only needs the one doesn't wait for the escalation of the other.
    """

    @functools.wraps(_STEP_NODES[name])
    def run(work: Work, runtime: Runtime[Call]) -> Command[Any]:
        if _traced():
            return cast(Command[Any], _STEP_NODES[name](work, runtime))
        return _run_step(Send(name, work), runtime)

    return run


def _traced() -> bool:
    """Tell whether a callback sees the nodes of this run."""
    callbacks: Any = (var_child_runnable_config.get() or {}).get("callbacks")
    return bool(getattr(callbacks, "handlers", callbacks))


def _run(name: str, state: State, runtime: Runtime[Call]) -> Command[Any]:
    done = _NODES[name](state, runtime)
    return done if isinstance(done, Command) else Command(update=done, goto=_EDGES[name])


def _run_step(send: Send, runtime: Runtime[Call]) -> Command[Any]:
    command: Command[Any] = _STEP_NODES[send.node](send.arg, runtime)
    while isinstance(command.goto, Send) and command.goto.node != "escalate":
        command = _STEP_NODES[command.goto.node](command.goto.arg, runtime)
    return command
