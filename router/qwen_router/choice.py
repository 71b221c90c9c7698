"""A way to run a step, and the choice among many."""

from __future__ import annotations

from typing import Literal

from qwen_router.attached import MediaCost
from qwen_router.resources import Resources
from qwen_router.value import Value

Format = Literal["safetensors", "gguf", "served"]
ModelKey = tuple[str, str, str, str, str, int]
"""Model, precision, quantization of the file, backend, adapter, tokens of context."""


class Offer(Value):
    """One precision at which a backend can run a model, and the files it needs for it.

    Attributes:
        precision: What the weights are in memory: `fp32`, `fp16`, `bf16`, `int8`, `nf4`, a GGUF type such as `q4_k_m`,
            or `served`.
        quant: For GGUF, the quantization of the file.
        device: `cpu`, `cuda`, `mps` or `remote`.
    """

    precision: str
    format: Format
    quant: str = ""
    device: str = "cpu"


class MemoryEstimate(Value):
    """What a loaded model takes on its device, in bytes.

    Attributes:
        weights: The parameters as they lie in memory.
        kv_cache: Keys, values and linear-attention state of all contexts it may hold at once.
        activations: The largest buffers of a prefill, logits included.
        runtime: What the framework takes whatever the model: libraries, kernels, the tokenizer.
        on_demand: The part of the total that is taken only while it answers, not when it is loaded.
    """

    weights: int = 0
    kv_cache: int = 0
    activations: int = 0
    runtime: int = 0
    on_demand: int = 0

    @property
    def total(self) -> int:
        """The predicted peak."""
        return self.weights + self.kv_cache + self.activations + self.runtime


class Candidate(Value):
    """One way to run a step: a model, as a backend offers it.

    Attributes:
        adapter: Directory of the LoRA adapter it is loaded with; empty for none.
        memory_bytes: Predicted peak of RAM or VRAM: the total of `memory` where that is known.
        memory: What the prediction is made of.
        tokens_per_second: Decoding speed of one stream, measured on this machine where it has been, else predicted.
        load_seconds: Time until it could answer; 0 when it is warm or served.
        quality: Expected share of right answers for the step's task.
        evidence: What `quality` rests on, in a few words.
        commercial_use: `yes`, `conditional`, `no` or `unknown`.
        tested: Whether a decisive check will judge its answer, so that a wrong one goes up and does no harm.
        thinking_budget: Most tokens of its thought; 0 where it doesn't think.
        overthinks: Whether it always thinks although the request doesn't call for it.
        underthinks: Whether it doesn't think although the user asks for it.
        speaks: Whether it is documented for the request's language.
        source: The weight source that has the files, or could fetch `download_bytes` of them.
        media_tokens: What the images and sounds of the request take of its context.
        own: Whether the model is one of the specialist's own, not a stand-in; `usable`: whether it could be chosen.
        barred: Whether it was out before any sizing policy was asked.
        rejected: Why it lost; `None` for the winner.
    """

    model: str
    offer: Offer
    backend: str
    adapter: str = ""
    thinking: bool = False
    thinking_budget: int = 0
    memory_bytes: int
    memory: MemoryEstimate | None = None
    tokens_per_second: float
    load_seconds: float = 0.0
    quality: float
    evidence: str = ""
    commercial_use: str = "yes"
    speaks: bool = True
    tested: bool = False
    overthinks: bool = False
    underthinks: bool = False
    context: int
    media_tokens: int = 0
    source: str = ""
    on_disk: bool = True
    download_bytes: int = 0
    warm: bool = False
    own: bool = True
    usable: bool = True
    barred: bool = False
    rejected: str | None = None

    @property
    def precision(self) -> str:
        """That of the offer."""
        return self.offer.precision

    @property
    def key(self) -> ModelKey:
        """What makes two candidates share one loaded model."""
        return self.model, self.offer.precision, self.offer.quant, self.backend, self.adapter, self.context

    @property
    def variant(self) -> str:
        """The model's id, with the adapter that makes another model of it: what its track record is kept under."""
        return f"{self.model}+{self.adapter}" if self.adapter else self.model


class Choice(Value):
    """The winner, and every candidate with the reason it lost.

    Attributes:
        media: What the winner sees and hears of the request's attachments, in their order, and the tokens they take.
        tokens: Those of the prompt's words as they were estimated, and `resources` the machine it was made for: with
            them it can be made again under another policy.
    """

    winner: Candidate
    reason: str
    candidates: tuple[Candidate, ...] = ()
    media: tuple[MediaCost, ...] = ()
    tokens: int = 0
    resources: Resources | None = None
