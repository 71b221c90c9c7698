"""What a server serves: its models by name, and whose server it is."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Iterator
from typing import Literal, NamedTuple

from qwen_router.catalog import Model
from qwen_router.config_backends import OpenAISection
from qwen_router.errors import RouterError
from qwen_router_plugins.backends.openai_api.server import Server, server_of

Kind = Literal["ollama", "llama.cpp", "sglang", "dashscope", "other"]

_OWNERS: dict[str, Kind] = {"library": "ollama", "llamacpp": "llama.cpp", "sglang": "sglang"}
_SECONDS_TO_ANSWER = 3.0
_SECONDS_REMEMBERED = 30.0

# `-q4_k_m`, `-UD-Q5_K_XL`, `-bf16` of GGUF files and Ollama tags; `-generic-cpu:4` of Foundry Local.
_QUANTIZATION = re.compile(r"[-.:](ud-)?(i?q\d\w*|b?f16|f32|fp16|mxfp4)$")
_BUILD = re.compile(r"-(generic|cuda|trtrtx|openvino|qnn|vitis)-(cpu|gpu|npu)(:\d+)?$")


class Listing(NamedTuple):
    """A server's answer to `GET /models`: the names it serves with their owners, or the reason there is none."""

    owners: dict[str, str]
    fault: RouterError | None = None

    def name_of(self, model: Model) -> str | None:
        """Return the name under which `model` is served."""
        known = _names_of(model)
        return next((name for name in self.owners if known.intersection(_forms(name))), None)


class Directory:
    """Asks servers what they serve, and remembers it for half a minute, failures included. Threads may share it."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._known: dict[Server, tuple[float, Listing]] = {}
        self.fault: str | None = None

    def listing(self, section: OpenAISection) -> Listing:
        """Return what the configured server serves, asking it if the last answer is old."""
        with self._lock:
            try:
                server = server_of(section)
            except RouterError as error:
                listing = Listing({}, error)
            else:
                asked, listing = self._known.get(server, (float("-inf"), Listing({})))
                if self._clock() - asked >= _SECONDS_REMEMBERED:
                    listing = _ask(server)
                    self._known = {server: (self._clock(), listing)}
            self.fault = str(listing.fault) if listing.fault else None
            return listing


def mapped_name(model: Model, section: OpenAISection) -> str | None:
    """Return the name the operator gave in `models`, whose keys are catalogue ids in any case."""
    return next((name for key, name in section.models.items() if key.lower() == model.id.lower()), None)


def kind_of(server: Server, owner: str) -> Kind:
    """Tell whose server it is by its address and by the `owned_by` of a model it serves."""
    if server.host.endswith(".aliyuncs.com"):
        return "dashscope"
    return _OWNERS.get(owner, "other")


def _ask(server: Server) -> Listing:
    from qwen_router_plugins.backends.openai_api.faults import explain
    from qwen_router_plugins.backends.openai_api.http import clients

    client, _ = clients(server, timeout=min(server.timeout, _SECONDS_TO_ANSWER))
    try:
        found = client.models.list()
        return Listing({str(model.id): str(getattr(model, "owned_by", "")) for model in found.data})
    # A server that isn't what it should be can make the SDK raise anything.
    except Exception as error:
        return Listing({}, explain(error, server))
    finally:
        client.close()


def _names_of(model: Model) -> set[str]:
    names = {model.id, model.name, *model.quantized.values(), *(file.file for file in model.gguf)}
    names |= {name.rpartition("/")[2] for name in model.quantized.values()}
    if model.ollama:
        names |= {model.ollama, f"{model.ollama}:latest"}
    return {name.lower() for name in names}


def _forms(served: str) -> Iterator[str]:
    """Yield the ways to read a served name: as it is, without a folder, an ending, a quantization."""
    name = served.lower()
    yield name
    base = re.split(r"[/\\]", name)[-1]
    yield base
    base = base.removesuffix(".gguf")
    for ending in (_QUANTIZATION, _BUILD):
        yield ending.sub("", base)
    # llama-server names a fetched file `Qwen/Qwen3-8B-GGUF:Q4_K_M`.
    yield base.partition(":")[0] if "gguf:" in base else base
