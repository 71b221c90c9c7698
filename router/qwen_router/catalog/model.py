"""One model of the family."""

from __future__ import annotations

import re
from typing import Literal

from pydantic import PositiveInt

from qwen_router.request import Sampling
from qwen_router.types import Modality, Task
from qwen_router.value import Value

_HYBRIDS_FIRST = 3.0
"""The first generation with a switch for thinking; later ones open the thought and know no soft switch."""

_FIRST_WITH_TOOLS, _FIRST_SIGHTED_WITH_TOOLS, _FIRST_WITH_TAGGED_CALLS = 2.5, 3.0, 3.5


class EmbeddedParts(Value):
    """A file that the package index carries in parts.

    Attributes:
        distribution: Name of part N, with `{n}`; `path` is the part's file inside it, with `{n}` and `{n:02d}`.
    """

    distribution: str
    version: str
    parts: int
    path: str


class GgufFile(Value):
    """One official GGUF file; `precision` is its quantization in lower case, such as `q4_k_m`."""

    repo: str
    file: str
    precision: str
    bytes: PositiveInt
    sha256: str
    revision: str | None = None
    embedded: EmbeddedParts | None = None


class Quality(Value):
    """The share of right answers to expect of a model for one task, without and with thinking.

    Attributes:
        scores: How many published figures it rests on; with none, on the model's kin alone.
    """

    plain: float | None = None
    thinking: float | None = None
    scores: int = 0
    thinking_scores: int = 0


class Model(Value):
    """A catalogue row. Parameter counts are exact where the family's data has them.

    Attributes:
        id: Hugging Face repository.
        parameters: What transformers loads: tied embeddings once, towers included.
        stored_parameters: What the safetensors of the repository hold.
        active_parameters: Used per token.
        attention_layers: Layers with a KV cache that grows with the context; the others keep a state of constant size.
        intermediate_size: Width of the dense feed-forward layers; of one expert in `moe_intermediate_size`.
        tower_parameters: Those of the vision and audio towers, which are part of `parameters`.
        context: Native context in tokens.
        max_images: Most images of a request; `None` leaves that to the context.
        thinking: `none`, `hybrid` (a switch), or `only`.
        commercial_use: `yes`, `conditional` (a licence for more than 100 million users), `no` or `unknown`.
        languages: BCP 47 tags that the model is documented for; empty when it reads about a hundred or nobody says.
        quantized: Official quantized repositories by kind: `gguf`, `awq`, `gptq_int4`, `fp8`...
        scores: Published benchmark figures in percent, by name.
        quality: Expected share of right answers by task, made of the published figures.
        tasks: Tasks whose specialist may choose it beside its own ladder.
    """

    id: str
    family: str
    specialty: str
    variant: str
    model_type: str
    architecture: str
    parameters: PositiveInt
    active_parameters: PositiveInt
    stored_parameters: PositiveInt
    hidden_size: PositiveInt
    intermediate_size: int | None = None
    moe_intermediate_size: int | None = None
    experts: int | None = None
    experts_per_token: int | None = None
    tower_parameters: int = 0
    layers: PositiveInt
    attention_layers: int
    heads: PositiveInt
    kv_heads: PositiveInt
    head_dim: PositiveInt
    vocab_size: PositiveInt
    tied_embeddings: bool
    context: PositiveInt
    max_images: int | None = None
    thinking: Literal["none", "hybrid", "only"]
    modalities: tuple[Modality, ...]
    languages: tuple[str, ...] = ()
    licence: str | None = None
    commercial_use: Literal["yes", "conditional", "no", "unknown"] = "unknown"
    sampling: Sampling = Sampling()
    thinking_sampling: Sampling | None = None
    quantized: dict[str, str] = {}
    gguf: tuple[GgufFile, ...] = ()
    scores: dict[str, float] = {}
    quality: dict[Task, Quality] = {}
    modelscope_id: str | None = None
    ollama: str | None = None
    tasks: tuple[Task, ...] = ()

    @property
    def name(self) -> str:
        """The id without its organisation."""
        return self.id.rpartition("/")[2]

    @property
    def generation(self) -> float:
        """The number in the family's name; QwQ is made of Qwen2.5."""
        found = re.match(r"Qwen(\d+(?:\.\d+)?)", self.name)
        return float(found[1]) if found else 2.5

    @property
    def opens_thought(self) -> bool:
        """Whether its chat template opens the thought in the prompt when it thinks: since the 2507 models, and QwQ."""
        return self.thinking == "only" or (self.thinking == "hybrid" and self.generation > _HYBRIDS_FIRST)

    @property
    def knows_soft_switch(self) -> bool:
        """Whether it was trained on `/think` and `/no_think`: the hybrid models of Qwen3 alone, see the model cards."""
        return self.thinking == "hybrid" and self.generation == _HYBRIDS_FIRST

    @property
    def calls_tools(self) -> bool:
        """Whether it was trained to call tools and its chat template shows them: see the family's documentation."""
        if self.specialty == "vision":
            return self.generation >= _FIRST_SIGHTED_WITH_TOOLS
        general = self.specialty in ("general", "code") and self.variant != "thinking-preview"
        return general and self.generation >= _FIRST_WITH_TOOLS

    @property
    def writes_calls_as_json(self) -> bool:
        """Whether its calls are JSON, in the Hermes form; later templates ask for a form of their own, in tags."""
        return self.family != "Qwen3-Coder" and self.generation < _FIRST_WITH_TAGGED_CALLS

    def gguf_at(self, precision: str) -> GgufFile | None:
        """Return the official GGUF file at a precision."""
        return next((f for f in self.gguf if f.precision == precision), None)
