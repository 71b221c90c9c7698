"""Measures one load in this process, which must be fresh: `memory_load.py LOAD MODEL PATH`, the first two as JSON.

Answers with a line of JSON. The process imports torch only within the load, as the router does.
"""

from __future__ import annotations

import base64
import contextlib
import io
import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import psutil
from langchain_core.messages import HumanMessage
from PIL import Image

from qwen_router import Candidate
from qwen_router.backend import Backend, ModelFiles
from qwen_router.catalog import Model
from qwen_router.choice import Offer
from qwen_router.config import Settings
from qwen_router_plugins.backends.llama_cpp import LlamaCppBackend
from qwen_router_plugins.backends.transformers import TransformersBackend

ANSWER_TOKENS = 24
_IMAGE_TOKENS = 484
_TEMPLATE_TOKENS = 64
"""More than the chat template takes."""


@dataclass(frozen=True)
class Load:
    """One load to measure.

    Attributes:
        rows: Contexts that are filled together.
    """

    model: str
    backend: str
    precision: str
    context: int
    rows: int
    device: str = "cpu"
    quant: str = ""

    @property
    def label(self) -> str:
        """A line's name in tables and pictures."""
        unpacked = f" from {self.quant}" if self.quant and self.backend == "transformers" else ""
        return f"{self.model.removeprefix('random-')} {self.precision}{unpacked}"

    @property
    def reserved(self) -> int:
        """The context to ask for: llama.cpp gives one to each row, the rows of transformers share one."""
        return self.context * (self.rows if self.backend == "transformers" else 1)

    def offer(self) -> Offer:
        """The offer that the backend would make."""
        form = "gguf" if self.quant else "safetensors"
        return Offer(precision=self.precision, format=form, quant=self.quant, device=self.device)

    def settings(self) -> Settings:
        """Settings with a batch of `rows`."""
        return Settings(
            backends={
                "llama_cpp": {"parallel": self.rows},
                "transformers": {"max_batch": self.rows, "device": self.device},
            }
        )

    def owner(self) -> Backend:
        """The backend."""
        return LlamaCppBackend() if self.backend == "llama_cpp" else TransformersBackend()


class Meter:
    """Reads what this process takes on a device, in bytes beyond what it took at first."""

    def __init__(self, device: str) -> None:
        self._device = device
        self._process = psutil.Process()
        self._before = self._now()

    def now(self) -> int:
        """Bytes taken now. On a GPU the allocator keeps what it once took, so this is the peak too."""
        return self._now() - self._before

    def peak(self) -> int:
        """Most bytes taken since `reset`."""
        if self._device != "cpu":
            return self.now()
        return _status("VmHWM") - self._before

    def reset(self) -> None:
        """Forget the peak, and on a GPU what the allocator holds unused. `clear_refs` 5: man 5 proc."""
        Path("/proc/self/clear_refs").write_text("5")
        if self._device != "cpu":
            import torch

            torch.cuda.empty_cache()

    def _now(self) -> int:
        if self._device == "cpu":
            # Mapped pages of a file count as long as they are resident.
            return int(self._process.memory_info().rss)
        told = subprocess.run(
            ["nvidia-smi", "--query-gpu=memory.used", "--format=csv,noheader,nounits"],
            capture_output=True,
            text=True,
            check=True,
        )
        return int(told.stdout.split()[0]) * 2**20


def main() -> None:
    """Measure the load that the arguments describe."""
    load, model, path = Load(**json.loads(sys.argv[1])), Model.model_validate_json(sys.argv[2]), Path(sys.argv[3])
    offer, settings = load.offer(), load.settings()
    backend = load.owner()
    memory = backend.memory(model, offer, load.reserved, settings)
    candidate = Candidate(
        model=model.id,
        offer=offer,
        backend=load.backend,
        memory_bytes=memory.total,
        tokens_per_second=1,
        quality=1,
        context=load.reserved,
    )
    files = ModelFiles(path=path, format=offer.format, source="local")
    meter = Meter(load.device)
    meter.reset()
    started = time.perf_counter()
    with _heap_peak() as heap:
        chat = backend.load(candidate, model, files, settings)
    loading = {"loaded": meter.now(), "loading_peak": meter.peak(), "loading_heap": heap[1] - heap[0]}
    meter.reset()
    tokens = _answer(chat, load, model.modalities)
    found = {**asdict(load), **loading, "peak": meter.peak(), **tokens, "seconds": time.perf_counter() - started}
    print(json.dumps(found), flush=True)
    backend.unload(chat)


@contextlib.contextmanager
def _heap_peak() -> Iterator[list[int]]:
    """Watch the pages that no file backs: give the bytes at first and at most."""
    ended = threading.Event()
    found = [_heap(), 0]

    def watch() -> None:
        while not ended.wait(0.01):
            found[1] = max(found[1], _heap())

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield found
    finally:
        ended.set()
        thread.join()


def _heap() -> int:
    return _status("RssAnon")


def _status(field_name: str) -> int:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(field_name):
            return int(line.split()[1]) * 1024
    raise RuntimeError(f"the kernel doesn't tell {field_name}")


def _answer(chat: Any, load: Load, modalities: Sequence[str] = ()) -> dict[str, int]:
    """Fill all contexts together and return the tokens of one."""
    seeing = "image" in modalities
    prompt = "go " * (load.context - ANSWER_TOKENS - _TEMPLATE_TOKENS - seeing * _IMAGE_TOKENS)

    def call(number: int) -> dict[str, Any]:
        text = prompt if number else prompt[: 3 * 8]
        tokens = 64 if number == 0 and load.rows > 1 else ANSWER_TOKENS
        blocks = [_image(), {"type": "text", "text": text}] if seeing else text
        chunks = list(chat.stream([HumanMessage(blocks)], max_tokens=tokens, temperature=0.0))
        return dict(chunks[-1].usage_metadata or {})

    with ThreadPoolExecutor(load.rows + 1) as threads:
        # A first, short call keeps the batcher busy until all others wait, so that they make one batch.
        first = threads.submit(call, 0)
        if load.rows > 1 and load.backend == "transformers":
            time.sleep(0.2)
        used = [thread.result() for thread in [threads.submit(call, n + 1) for n in range(load.rows)]]
        first.result()
    found = {"prompt_tokens": used[0]["input_tokens"], "answer_tokens": min(u["output_tokens"] for u in used)}
    with contextlib.suppress(AttributeError):
        found["batched"] = max(chat.engine.batcher.batches)
    return found


def _image() -> dict[str, str]:
    """Return a picture that takes `_IMAGE_TOKENS`: squares of 28 pixels."""
    side = 28 * int(_IMAGE_TOKENS**0.5)
    buffer = io.BytesIO()
    Image.linear_gradient("L").resize((side, side)).convert("RGB").save(buffer, "PNG")
    return {"type": "image", "base64": base64.b64encode(buffer.getvalue()).decode(), "mime_type": "image/png"}


if __name__ == "__main__":
    main()
