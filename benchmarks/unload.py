"""Measures what stays in RAM after a model was unloaded, over many cycles of load, answer and unload.

The first cycle brings libraries and caches that stay. What counts is the growth from then on.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import psutil

from qwen_router import Candidate, ModelFiles, Settings, load_catalogue
from qwen_router.backend import Backend
from qwen_router.choice import Format, Offer
from qwen_router_plugins.backends.llama_cpp import LlamaCppBackend
from qwen_router_plugins.backends.transformers import TransformersBackend

MODEL = "Qwen/Qwen2.5-Coder-0.5B-Instruct"
BACKENDS: dict[str, tuple[type[Backend], str]] = {
    "llama_cpp": (LlamaCppBackend, "q4_k_m"),
    "transformers": (TransformersBackend, "bf16"),
}
MB = 1e6


def main() -> None:
    """Print the resident size of every cycle, and the growth after the first."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path, help="Qwen2.5-Coder-0.5B-Instruct: a q4_k_m file, or a directory.")
    parser.add_argument("--backend", choices=sorted(BACKENDS), default="llama_cpp")
    parser.add_argument("--cycles", type=int, default=10)
    args = parser.parse_args()
    kind, precision = BACKENDS[args.backend]
    backend, settings = kind(), Settings()
    model = load_catalogue().find(MODEL)
    form: Format = "safetensors" if args.file.is_dir() else "gguf"
    files = ModelFiles(path=args.file, format=form, source="local")
    candidate = Candidate(
        model=model.id,
        offer=Offer(precision=precision, format=form, quant="q4_k_m"),
        backend=backend.name,
        memory_bytes=args.file.stat().st_size,
        tokens_per_second=1,
        quality=0.5,
        context=2048,
    )
    print(f"{args.backend}: {_rss() / MB:.0f} MB before the first load")
    after = []
    for cycle in range(1, args.cycles + 1):
        started = time.perf_counter()
        chat_model = backend.load(candidate, model, files, settings)
        seconds = time.perf_counter() - started
        chat_model.invoke(f"Count to {cycle}.", max_tokens=8)
        loaded = _rss()
        backend.unload(chat_model)
        del chat_model
        after.append(_rss())
        print(
            f"cycle {cycle:2}: {seconds:4.1f} s to load, {loaded / MB:5.0f} MB loaded, {after[-1] / MB:5.0f} MB after"
            f" ({psutil.Process().num_threads()} threads)"
        )
    print(f"growth after the first cycle: {after[-1] / after[0] - 1:+.1%}")


def _rss() -> int:
    return int(psutil.Process().memory_info().rss)


if __name__ == "__main__":
    main()
