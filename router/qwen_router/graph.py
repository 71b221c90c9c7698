"""The graph: which node follows which."""

from __future__ import annotations

from typing import Any

from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.graph import END, START, StateGraph
from langgraph.graph.state import CompiledStateGraph

from qwen_router import nodes
from qwen_router.call import Call
from qwen_router.state import State, Work

Graph = CompiledStateGraph[State, Call, State, State]

# These take one step's work, sent to them, instead of the whole state. Any: LangGraph's type of a node wants the
# argument to be called `state`.
_STEP_NODES: dict[str, Any] = {
    "select": nodes.select,
    "generate": nodes.generate,
    "verify": nodes.verify,
    "escalate": nodes.escalate,
}


def build_graph(checkpointer: BaseCheckpointSaver[str] | None = None) -> Graph:
    """Compile the graph; with a checkpointer it keeps conversations by `thread_id`."""
    graph = StateGraph(State, context_schema=Call)
    graph.add_node("admit", nodes.admit)
    graph.add_node("classify", nodes.classify)
    graph.add_node("plan", nodes.plan)
    for name, node in _STEP_NODES.items():
        graph.add_node(name, node, input_schema=Work)
    graph.add_node("compose", nodes.compose)
    graph.add_node("release", nodes.release)
    graph.add_edge(START, "admit")
    graph.add_edge("classify", "plan")
    graph.add_edge("release", END)
    return graph.compile(checkpointer=checkpointer)
