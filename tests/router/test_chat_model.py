"""The router as LangChain's chat model, over fakes."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import pytest
from conftest import CODER, GENERAL_SMALL, MATH, make_router
from langchain_core.callbacks import BaseCallbackHandler, UsageMetadataCallbackHandler
from langchain_core.messages import AIMessageChunk, HumanMessage, ToolMessage
from langchain_core.runnables import RunnableLambda
from langchain_core.tools import tool
from langchain_core.tracers.run_collector import RunCollectorCallbackHandler
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.graph import START, MessagesState, StateGraph
from pydantic import BaseModel

from qwen_router import ChatQwenRouter, Hints, InputError, NoModelFits, Refused, Request, Verdict, hookimpl
from qwen_router.testing import FakeBackend, Reply


@tool
def weather(city: str) -> str:
    """Say what the weather is like in a city."""
    return f"Sunny in {city}."


CALL = ("weather", {"city": "Bern"})


class Person(BaseModel):
    """A person."""

    name: str
    age: int


@pytest.fixture
def chat(router):
    return ChatQwenRouter(router=router)


def whole(chunks):
    first, *others = chunks
    return first.__add__(others)


class Tokens(BaseCallbackHandler):
    def __init__(self):
        self.said: list[str] = []

    def on_llm_new_token(self, token: str, **kwargs: Any) -> None:
        self.said.append(token)


def test_an_answer_carries_model_task_decision_thought_and_usage(chat, backend):
    backend.replies.append(Reply(r"It is \boxed{42}.", thinking="six times seven"))
    answer = chat.bind(task="math").invoke("Compute 6 * 7")
    assert answer.content == r"It is \boxed{42}."
    assert answer.content_blocks[0] == {"type": "reasoning", "reasoning": "six times seven"}
    assert answer.usage_metadata["output_tokens"] == 6
    assert answer.usage_metadata["output_token_details"] == {"reasoning": 3}
    metadata = answer.response_metadata
    assert (metadata["model_name"], metadata["task"], metadata["finish_reason"]) == (MATH, "math", "stop")
    assert len(metadata["decision_id"]) == 32


def test_a_stream_adds_up_to_the_answer(chat, backend):
    backend.replies.extend([Reply("a b c", thinking="hm so")] * 2)
    chunks = list(chat.stream("hello"))
    assert [c.content for c in chunks if c.content] == ["a ", "b ", "c"]
    said, answer = whole(chunks), chat.invoke("hello")
    assert said.content_blocks == answer.content_blocks
    assert said.usage_metadata == answer.usage_metadata
    assert said.response_metadata.keys() == answer.response_metadata.keys()


def test_the_answer_of_a_compound_request_streams_under_its_headings(chat):
    asked = "1. Solve the equation 3x + 5 = 20 for x. 2. Write a Python function that reverses a string."
    said = whole(list(chat.stream(asked)))
    assert said.content.startswith("### 1. Solve the equation")
    assert said.content == chat.invoke(asked).content
    assert said.response_metadata["model_name"] == f"{MATH}, {CODER}"


def test_what_a_check_rejected_is_followed_by_the_better_answer(chat, backend):
    backend.replies.extend([Reply("the the the " * 60), Reply("Paris.")])
    said = whole(list(chat.stream("What is the capital of France?")))
    first, _, better = said.content.partition("\n\n---\n\n")
    assert first.startswith("the the")
    assert better == "Paris."
    assert said.response_metadata["superseded"] is True


async def test_async_calls_say_the_same(chat, backend):
    backend.replies.extend([Reply("one two")] * 2)
    answer = await chat.ainvoke("hello")
    chunks = [chunk async for chunk in chat.astream("hello")]
    assert whole(chunks).content == answer.content == "one two"


async def test_cancelling_the_task_stops_the_model(chat, backend):
    held = Reply("a b c", wait=threading.Event())
    backend.replies.append(held)
    heard: list[Any] = []

    async def listen() -> None:
        async for chunk in chat.astream("hello"):
            heard.append(chunk)
            arrived.set()

    arrived = asyncio.Event()
    task = asyncio.create_task(listen())
    await arrived.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    # The slot is free again: the model has stopped in the middle of its words.
    backend.replies.append(Reply("free"))
    assert (await chat.ainvoke("hello")).content == "free"
    assert [c.content for c in heard] == ["a "]


def test_a_batch_keeps_its_order(chat):
    texts = [f"say number {n}" for n in range(8)]
    assert [m.content for m in chat.batch(texts)] == texts


def test_attributes_and_keywords_become_the_request(router, backend):
    chat = ChatQwenRouter(router=router, model="qwen3-0.6b", temperature=0.4, max_tokens=99)
    answer = chat.invoke("hello", seed=7, temperature=0.2)
    assert answer.response_metadata["model_name"] == GENERAL_SMALL
    options = backend.calls[0].options
    assert (options["temperature"], options["seed"], options["max_tokens"]) == (0.2, 7, 99)


@pytest.mark.parametrize(("given", "says"), [({"colour": 1}, "no argument 'colour'"), ({"top_p": 7}, "less than or")])
def test_a_keyword_that_is_none_is_an_input_error(chat, given, says):
    with pytest.raises(InputError, match=says):
        chat.invoke("hello", **given)


def test_a_refusal_is_raised_so_that_a_fallback_can_act(tmp_path, backend):
    class Guard:
        @hookimpl
        def check_request(self, request: Request) -> Verdict:
            return Verdict(action="deny", kind="quota", why="Too many.", fix="Wait.", retry_after=3.0)

    off = {"enabled": False}
    from qwen_router import Router

    backends = {"llama_cpp": off, "transformers": off, "openai_api": off}
    with Router.from_config(plugins=[backend, Guard()], weights={"sources": []}, backends=backends) as router:
        chat = ChatQwenRouter(router=router)
        with pytest.raises(Refused, match=r"Too many\. Wait\.") as refused:
            chat.invoke("hello")
        assert (refused.value.kind, refused.value.retry_after) == ("quota", 3.0)
        with pytest.raises(Refused):
            list(chat.stream("hello"))
        plain = ChatQwenRouter(router=make_router(FakeBackend([GENERAL_SMALL], ["from elsewhere"]), tmp_path))
        assert chat.with_fallbacks([plain], exceptions_to_handle=(Refused,)).invoke("x").content == "from elsewhere"
        plain.router.close()


def test_callbacks_have_each_token_once_and_each_count_once(chat, backend):
    backend.replies.extend([Reply("one two three")] * 2)
    tokens, usage = Tokens(), UsageMetadataCallbackHandler()
    list(chat.stream("hello", config={"callbacks": [tokens, usage]}))
    assert [t for t in tokens.said if t] == ["one ", "two ", "three"]
    assert [u["output_tokens"] for u in usage.usage_metadata.values()] == [3]


NODES = {"admit", "classify", "generate"}


def test_a_tracer_sees_the_routers_graph_below_the_model(chat):
    tracer = RunCollectorCallbackHandler()
    chat.invoke("hello", {"callbacks": [tracer]})
    (run,) = tracer.traced_runs
    assert run.run_type == "llm"
    (graph,) = run.child_runs
    assert {child.name for child in graph.child_runs} >= NODES


def test_a_tracer_sees_the_graph_of_a_stream_beside_the_model(chat):
    tracer = RunCollectorCallbackHandler()
    RunnableLambda(lambda text: whole(list(chat.stream(text)))).invoke("hello", {"callbacks": [tracer]})
    (run,) = tracer.traced_runs
    assert [child.run_type for child in run.child_runs] == ["llm", "chain"]
    assert {child.name for child in run.child_runs[1].child_runs} >= NODES


def test_tools_reach_the_model_and_its_calls_come_back(chat, backend):
    backend.replies.extend([Reply(tool_calls=(CALL,), finish_reason="tool_calls"), Reply("It is sunny.")])
    asked = HumanMessage("What is the weather in Bern?")
    bound = chat.bind_tools([weather])
    answer = bound.invoke([asked])
    (call,) = answer.tool_calls
    assert (call["name"], call["args"]) == CALL
    assert answer.response_metadata["finish_reason"] == "tool_calls"
    assert backend.calls[0].options["tools"][0]["function"]["name"] == "weather"
    end = bound.invoke([asked, answer, ToolMessage("Sunny.", tool_call_id=call["id"])])
    assert end.content == "It is sunny."
    assert [m.type for m in backend.calls[1].messages[-3:]] == ["human", "ai", "tool"]


def test_a_streamed_call_is_whole(chat, backend):
    backend.replies.append(Reply("Let me look.", tool_calls=(CALL,), finish_reason="tool_calls"))
    said = whole(list(chat.bind_tools([weather]).stream("What is the weather in Bern?")))
    assert isinstance(said, AIMessageChunk)
    assert said.content == "Let me look."
    assert [(c["name"], c["args"]) for c in said.tool_calls] == [CALL]


def test_only_models_that_call_tools_are_candidates(router, backend):
    backend.models = frozenset({*backend.models, "Qwen/Qwen2-7B-Instruct"})
    choice = router.explain("hello", tools=[weather]).choices["1"]
    rejected = {c.model: c.rejected for c in choice.candidates}
    if "Qwen/Qwen2-7B-Instruct" in rejected:
        assert rejected["Qwen/Qwen2-7B-Instruct"] == "It isn't made to call tools."
    with pytest.raises(NoModelFits, match=r"can call tools here\. Qwen2\.5-Math-7B-Instruct: It isn't made to"):
        router.invoke("2 + 2?", tools=[weather], hints=Hints(model=MATH))


def test_a_tool_the_model_invents_makes_another_model_try(chat, backend):
    invented = Reply(tool_calls=(("telephone", {}),), finish_reason="tool_calls")
    backend.replies.extend([invented, Reply(tool_calls=(CALL,), finish_reason="tool_calls")])
    answer = chat.bind_tools([weather]).invoke("What is the weather in Bern?")
    assert [call["name"] for call in answer.tool_calls] == ["weather"]


def test_a_tool_that_must_be_called_is_asked_for_again(chat, backend):
    backend.replies.extend([Reply("No."), Reply(tool_calls=(CALL,), finish_reason="tool_calls")])
    answer = chat.bind_tools([weather], tool_choice="any").invoke("What is the weather in Bern?")
    assert answer.tool_calls
    assert backend.calls[0].options["tool_choice"] == "required"


def test_a_tool_choice_that_is_none_of_the_tools_is_an_input_error(chat):
    with pytest.raises(InputError, match="the tool choice 'telephone' is none of the tools"):
        chat.bind_tools([weather], tool_choice="telephone").invoke("hello")


def test_structured_output_is_constrained_and_parsed(chat, backend):
    backend.replies.extend([Reply('{"name": "Ada", "age": 36}')] * 2)
    assert chat.with_structured_output(Person).invoke("Invent a person.") == Person(name="Ada", age=36)
    assert backend.calls[0].options["json_schema"]["required"] == ["name", "age"]
    raw = chat.with_structured_output(Person.model_json_schema(), include_raw=True).invoke("Invent a person.")
    assert raw["parsed"] == {"name": "Ada", "age": 36}


def test_nothing_of_a_schemas_answer_streams_before_it_is_final(chat, backend):
    backend.replies.extend([Reply("no json"), Reply('{"name": "Ada", "age": 36}')])
    said = whole(list(chat.bind(json_schema=Person.model_json_schema()).stream("Invent a person.")))
    assert said.content == '{"name": "Ada", "age": 36}'


def test_a_router_is_made_of_the_configuration_at_the_first_call(tmp_path):
    file = tmp_path / "c.toml"
    file.write_text("[weights]\nsources = []\n[backends.llama_cpp]\nenabled = false\n")
    chat = ChatQwenRouter(config=file)
    with pytest.raises(NoModelFits):
        chat.invoke("hello")
    chat.close()
    chat.close()


def test_it_is_a_node_of_another_graph(chat, backend):
    backend.replies.append(Reply("one two"))

    def answer(state: MessagesState) -> dict[str, Any]:
        return {"messages": [chat.invoke(state["messages"])]}

    graph = StateGraph(MessagesState)
    graph.add_node("model", answer)
    graph.add_edge(START, "model")
    made = graph.compile(checkpointer=InMemorySaver())
    config = {"configurable": {"thread_id": "t"}}
    pieces = [c.content for c, _ in made.stream({"messages": ["hi"]}, config, stream_mode="messages") if c.content]
    assert pieces == ["one ", "two"]
    assert [m.content for m in made.get_state(config).values["messages"]] == ["hi", "one two"]


@pytest.mark.parametrize("kept", [False, True])
async def test_the_routers_graph_is_a_subgraph_of_another(router, backend, kept):
    graph = StateGraph(MessagesState)
    graph.add_node("qwen", router.as_node(task="code"))
    graph.add_edge(START, "qwen")
    made = graph.compile(checkpointer=InMemorySaver() if kept else None)
    config = {"configurable": {"thread_id": "t"}}
    for text in ("first", "second"):
        backend.replies.append(Reply(f"{text} answer"))
    first = made.invoke({"messages": ["first"]}, config)
    second = await made.ainvoke({"messages": ["second"]}, config)
    assert [m.content for m in first["messages"]] == ["first", "first answer"]
    assert [m.content for m in second["messages"]][-2:] == ["second", "second answer"]
    # What its model was asked is what the other graph has kept, and nothing of the router's own.
    assert len([m for m in backend.calls[1].messages if m.type != "system"]) == (3 if kept else 1)
    assert first["messages"][1].response_metadata["task"] == "code"


def test_a_conversation_of_the_router_goes_on_inside_another_graph(router, backend):
    def answer(state: MessagesState) -> dict[str, Any]:
        return {"messages": [router.invoke(state["messages"][-1:], thread="mine").message]}

    graph = StateGraph(MessagesState)
    graph.add_node("model", answer)
    graph.add_edge(START, "model")
    made = graph.compile(checkpointer=InMemorySaver())
    for thread in ("a", "b"):
        made.invoke({"messages": ["hello"]}, {"configurable": {"thread_id": thread}})
    assert len(router.threads.history("mine")) == 4
