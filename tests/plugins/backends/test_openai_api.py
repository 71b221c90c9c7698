"""The backend: what a server offers, and the chat model it makes of it."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from typing import Any

import psutil
import pytest
from langchain_core.language_models import BaseChatModel
from langchain_tests.unit_tests import ChatModelUnitTests
from openai_chats import CODER, GOOD, HERE, HYBRID, OFFER, load, served, settings_for
from servers import NAME, error, hang, json_reply, says, scripted, stream

from qwen_router.catalog import Model, load_catalogue
from qwen_router.errors import BackendUnavailable, ConfigError
from qwen_router.settings_file import load_settings
from qwen_router_plugins.backends.openai_api import OpenAIBackend
from qwen_router_plugins.backends.openai_api.chat import ChatOpenAICompatible
from qwen_router_plugins.backends.openai_api.served import Directory, Listing


class TestLangChainsOwn(ChatModelUnitTests):
    @property
    def chat_model_class(self) -> type[BaseChatModel]:
        return ChatOpenAICompatible

    @property
    def chat_model_params(self) -> dict[str, Any]:
        return {"model": "m", "base_url": "http://127.0.0.1:1/v1", "api_key": "k"}


@pytest.mark.parametrize(
    ("section", "reason"),
    [
        ({}, "Set \\[backends.openai_api\\] base_url"),
        ({"base_url": "http://h/v1", "enabled": False}, "enabled = true"),
        ({"base_url": "localhost:11434/v1"}, "not an address"),
        ({"base_url": "http://h:port/v1"}, "not an address"),
    ],
)
def test_what_is_missing(section: dict[str, Any], reason: str) -> None:
    settings = load_settings(backends={"openai_api": section})
    backend = OpenAIBackend()
    with pytest.raises(BackendUnavailable, match=reason):
        load(backend, CODER, settings)
    assert backend.offers(CODER, settings, HERE) == ()


def test_a_missing_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "langchain_openai", None)
    monkeypatch.setattr("qwen_router_plugins.backends.openai_api.backend.is_installed", lambda package: False)
    assert "pip install 'qwen-router[openai]'" in (OpenAIBackend().missing(settings_for("http://h/v1")) or "")


def test_offers_ask_the_server_once() -> None:
    backend = OpenAIBackend()
    with scripted() as server:
        settings = settings_for(server.url)
        offered = [model.id for model in load_catalogue().values() if backend.offers(model, settings, HERE)]
        assert server.listed == 1
    assert offered == [CODER.id]
    assert backend.fault is None


def test_a_map_is_believed_without_asking() -> None:
    backend = OpenAIBackend()
    with scripted() as server:
        settings = settings_for(server.url, models={CODER.id.upper(): "mine"})
        assert backend.offers(CODER, settings, HERE) == (OFFER,)
        assert backend.offers(HYBRID, settings, HERE) == ()
        assert server.listed == 0
        chat = load(backend, CODER, settings)
        assert chat.model_name == "mine"
        backend.unload(chat)
        assert chat.root_client.is_closed()


@pytest.mark.parametrize(
    ("served", "model"),
    [
        ("Qwen/Qwen3-8B", HYBRID),
        ("qwen3-8b", HYBRID),
        ("/models/Qwen3-8B", HYBRID),
        ("qwen3:8b", HYBRID),
        ("qwen3:8b-q8_0", HYBRID),
        ("Qwen/Qwen3-8B-AWQ", HYBRID),
        ("Qwen/Qwen3-8B-GGUF:Q4_K_M", HYBRID),
        (r"C:\models\Qwen3-8B-UD-Q5_K_XL.gguf", HYBRID),
        ("/m/qwen2.5-coder-0.5b-instruct-q4_k_m.gguf", CODER),
        ("qwen2.5-coder-0.5b-instruct-generic-cpu:4", CODER),
        ("qwen3-coder-next:latest", load_catalogue()["Qwen/Qwen3-Coder-Next"]),
    ],
)
def test_served_names_are_recognised(served: str, model: Model) -> None:
    listing = Listing({"gpt-oss": "", served: ""})
    assert [m.id for m in load_catalogue().values() if listing.name_of(m)] == [model.id]


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        (error(401, "no"), "environment variable QWEN_ROUTER_API_KEY"),
        (error(500, "no"), "failed"),
        (json_reply(200, "<html>"), "not the OpenAI API"),
        (json_reply(200, {"data": None}), "not the OpenAI API"),
    ],
)
def test_a_server_that_can_not_say_offers_nothing(reply: Any, reason: str) -> None:
    backend = OpenAIBackend()
    with scripted() as server:
        server.models_reply = reply
        settings = settings_for(server.url)
        assert [backend.offers(CODER, settings, HERE) for _ in range(3)] == [()] * 3
        assert server.listed == 1
    assert reason in (backend.fault or "")


def test_a_server_that_says_nothing_is_given_up() -> None:
    backend = OpenAIBackend()
    with scripted() as server:
        server.models_reply = hang
        assert backend.offers(CODER, settings_for(server.url, timeout=0.2), HERE) == ()
        assert server.left.wait(5)
    assert "no byte for 0.2 s" in (backend.fault or "")


def test_a_server_that_came_up_is_seen_after_a_while() -> None:
    now = 0.0
    directory = Directory(clock=lambda: now)
    with scripted() as server:
        section = settings_for(server.url).backends.openai_api
        server.models_reply = error(503, "loading")
        assert directory.listing(section).owners == {}
        server.models_reply = None
        now = 29.0
        assert directory.listing(section).owners == {}
        now = 31.0
        assert directory.listing(section).owners == {NAME: "vllm"}
    assert directory.fault is None


def test_loading_from_a_server_that_is_down() -> None:
    with scripted() as gone:
        settings = settings_for(gone.url, models={CODER.id: "m"})
    with pytest.raises(BackendUnavailable, match="doesn't answer"):
        load(OpenAIBackend(), CODER, settings)


def test_loading_what_is_not_served() -> None:
    with scripted() as server, pytest.raises(BackendUnavailable, match="doesn't serve Qwen/Qwen3-8B"):
        load(OpenAIBackend(), HYBRID, settings_for(server.url))


@pytest.mark.parametrize(("owner", "kind"), [("library", "ollama"), ("llamacpp", "llama.cpp"), ("vllm", "other")])
def test_the_server_is_known_by_what_it_says(owner: str, kind: str) -> None:
    backend = OpenAIBackend()
    with scripted() as server:
        server.models = [{"id": "qwen3:8b", "owned_by": owner}]
        chat = load(backend, HYBRID, settings_for(server.url))
    assert (chat.kind, chat.hybrid, chat.model_name) == (kind, True, "qwen3:8b")
    backend.unload(chat)


def test_the_key_comes_from_the_named_variable_and_stays_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MY_KEY", " sk-1234 ")
    backend = OpenAIBackend()
    with scripted() as server:
        chat = load(backend, CODER, settings_for(server.url, api_key_env="MY_KEY"))
    assert chat.openai_api_key is not None
    assert chat.root_client.api_key == "sk-1234"
    assert "sk-1234" not in repr(chat) + str(chat) + repr(chat._server)
    backend.unload(chat)
    monkeypatch.setenv("MY_KEY", "sk-\u00e9")
    with pytest.raises(ConfigError, match="MY_KEY holds characters"):
        load(backend, CODER, settings_for(server.url, api_key_env="MY_KEY"))


def test_openais_own_environment_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    elsewhere = "http://127.0.0.1:1/"
    for name in ("OPENAI_API_BASE", "OPENAI_BASE_URL", "OPENAI_PROXY", "HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, elsewhere)
    for name in ("OPENAI_API_KEY", "OPENAI_ORG_ID", "OPENAI_PROJECT_ID", "LANGSMITH_GATEWAY_API_KEY"):
        monkeypatch.setenv(name, "private")
    monkeypatch.setenv("LANGSMITH_GATEWAY", elsewhere)
    monkeypatch.setenv("OPENAI_CUSTOM_HEADERS", "X-Private: private\nAuthorization: private")
    backend = OpenAIBackend()
    with scripted(stream(*says("Hi"))) as server:
        chat = load(backend, CODER, settings_for(server.url))
        assert chat.invoke("Hi").content == "Hi"
        assert "private" not in json.dumps(dict(server.asked[0].headers))
        backend.unload(chat)


def test_an_address_elsewhere_is_reached_through_the_proxy_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    backend = OpenAIBackend()
    with scripted(stream(*says("Hi"))) as proxy:
        monkeypatch.setenv("HTTP_PROXY", proxy.url.removesuffix("/v1"))
        chat = load(backend, CODER, settings_for("http://models.invalid/v1", models={CODER.id: "m"}))
        assert chat.invoke("Hi").content == "Hi"
        assert proxy.asked[0].path == "http://models.invalid/v1/chat/completions"
        backend.unload(chat)


def test_no_connection_outlives_its_call() -> None:
    with served(GOOD) as (server, chat):
        assert chat.invoke("Hi").content == "Hello"
        assert asyncio.run(chat.ainvoke("Hi")).content == "Hello"
        port = server.server_address[1]
        assert [c for c in psutil.Process().net_connections("tcp") if c.raddr and c.raddr.port == port] == []


def test_importing_the_backend_imports_no_client() -> None:
    code = "import sys, qwen_router_plugins.backends.openai_api; print({'openai', 'langchain_openai'} & {*sys.modules})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
