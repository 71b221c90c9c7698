"""A LangGraph agent with the router as its model: it calls tools until it can answer."""

import sys

from langchain_core.tools import tool
from langgraph.graph import START, MessagesState, StateGraph
from langgraph.prebuilt import ToolNode, tools_condition

from qwen_router import ChatQwenRouter, Router


@tool
def weather(city: str) -> str:
    """Say what the weather is like in a city."""
    return {"Bern": "Sunny, 21 °C", "Oslo": "Snow, -4 °C"}.get(city, f"Nobody measures in {city}.")


def build(router: Router) -> StateGraph[MessagesState]:
    """Return the graph: the model, its tools, and back."""
    chat = ChatQwenRouter(router=router, task="general", temperature=0)
    # The first turn has to look; then the model says what it found.
    looking, telling = chat.bind_tools([weather], tool_choice="weather"), chat

    def model(state: MessagesState) -> dict[str, list[object]]:
        first = state["messages"][-1].type == "human"
        return {"messages": [(looking if first else telling).invoke(state["messages"])]}

    graph = StateGraph(MessagesState)
    graph.add_node("model", model)
    graph.add_node("tools", ToolNode([weather]))
    graph.add_edge(START, "model")
    graph.add_conditional_edges("model", tools_condition)
    graph.add_edge("tools", "model")
    return graph


with Router.from_config() as router:
    agent = build(router).compile()
    asked = sys.argv[1] if len(sys.argv) > 1 else "What is the weather like in Bern?"
    for message in agent.invoke({"messages": [("human", asked)]})["messages"]:
        message.pretty_print()
