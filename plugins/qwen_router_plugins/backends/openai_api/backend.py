"""The backend for servers: vLLM, SGLang, Ollama, llama-server, Foundry Local, DashScope."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from langchain_core.language_models import BaseChatModel

from qwen_router.backend import Backend, ModelFiles
from qwen_router.catalog import Model
from qwen_router.choice import Candidate, Offer
from qwen_router.config import Settings
from qwen_router.errors import BackendUnavailable
from qwen_router.resources import Resources
from qwen_router_plugins.backends.openai_api.served import Directory, kind_of, mapped_name
from qwen_router_plugins.backends.openai_api.server import fault_of_address, server_of
from qwen_router_plugins.backends.packages import is_installed

_OFFER = Offer(precision="served", format="served", device="remote")


class OpenAIBackend(Backend):
    """Runs models on a server. It is asked what it serves only when somebody wants to know."""

    name: ClassVar[str] = "openai_api"

    def __init__(self) -> None:
        self._directory = Directory()

    @property
    def fault(self) -> str | None:
        """Why the server couldn't say what it serves when it was last asked."""
        return self._directory.fault

    def missing(self, settings: Settings) -> str | None:
        """Say in one line why this backend can't be used here and how to mend it, or `None`."""
        section = settings.backends.openai_api
        if not section.enabled:
            return "Switched off. Set [backends.openai_api] enabled = true."
        if fault := fault_of_address(section.base_url):
            return fault
        if not is_installed("langchain_openai"):
            return "The package langchain-openai is not installed. Run `pip install 'qwen-router[openai]'`."
        return None

    def offers(self, model: Model, settings: Settings, resources: Resources) -> Sequence[Offer]:
        """Return the one way the server runs `model`, if it does; `fault` says why it may not have answered."""
        if self.missing(settings):
            return ()
        section = settings.backends.openai_api
        if section.models:
            return (_OFFER,) if mapped_name(model, section) else ()
        return (_OFFER,) if self._directory.listing(section).name_of(model) else ()

    def tool_fault(self, model: Model) -> str | None:
        """Leave it to the server, which reads the calls."""
        return None

    def load(self, candidate: Candidate, model: Model, files: ModelFiles, settings: Settings) -> BaseChatModel:
        """Return a chat model that calls the server.

        Raises:
            BackendUnavailable: The package is missing, the server doesn't answer, or doesn't serve the model.
            ConfigError: The key can't be a key.
        """
        if reason := self.missing(settings):
            raise BackendUnavailable(reason)
        from qwen_router_plugins.backends.openai_api.chat import ChatOpenAICompatible

        section = settings.backends.openai_api
        server = server_of(section)
        listing = self._directory.listing(section)
        name = mapped_name(model, section) if section.models else listing.name_of(model)
        if isinstance(listing.fault, BackendUnavailable) or (name is None and listing.fault):
            raise listing.fault
        if name is None:
            raise BackendUnavailable(
                f"The server at {server.shown} doesn't serve {model.id}.",
                "Load it there, or name it in [backends.openai_api] models.",
            )
        return ChatOpenAICompatible(
            model=name,
            base_url=server.base_url,
            api_key=server.key,
            key_env=server.key_env,
            timeout=server.timeout,
            max_retries=section.max_retries,
            kind=kind_of(server, listing.owners.get(name, "")),
            hybrid=model.thinking == "hybrid",
            opens_thought=model.opens_thought,
            limits=settings.limits,
        )
