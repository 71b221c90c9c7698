"""Measure real loads against the estimate: ``python benchmarks/memory.py --models DIR [--work DIR] [--only TEXT]``.

DIR holds the two embedded GGUF files. Each load runs in a process of its own, through the real backend, and answers a
prompt that fills its contexts. What was measured lies in ``memory.jsonl``: a later run goes on where the last one
ended, and the table compares it with today's estimate. Random checkpoints are written to the work directory and
removed.
"""

from __future__ import annotations

import argparse
import itertools
import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

import memory_plots as plots
from memory_load import Load
from memory_shapes import SHAPES, catalogue_row, write_checkpoint

from qwen_router.catalog import Model, load_catalogue

HERE = Path(__file__).parent
CODERS = ("Qwen2.5-Coder-0.5B-Instruct", "Qwen2.5-Coder-1.5B-Instruct")
ON_CPU = (
    "random-qwen2-0.3GB",
    "random-qwen3-0.6GB",
    "random-qwen2-1GB",
    "random-qwen2.5-vl-1.7GB",
    "random-qwen3-2GB",
    "random-qwen2-3GB",
)
ON_GPU = ("random-Qwen3-8B", "random-Qwen3-14B", "random-Qwen3-32B", "random-Qwen2.5-VL-7B")
BAR_BYTES, BAR = 500_000_000, 0.10


def loads(gpu: bool) -> Iterator[Load]:
    """Yield what is measured, loads of one checkpoint together."""
    for model, context in itertools.product(CODERS, (512, 2048)):
        yield Load(model, "llama_cpp", "q4_k_m", context, rows=2, quant="q4_k_m")
    for model in CODERS:
        yield Load(model, "transformers", "bf16", 1024, rows=2, quant="q4_k_m")
    for model, precision in itertools.product(ON_CPU, ("bf16", "int8", "nf4")):
        yield Load(model, "transformers", precision, 1024, rows=2)
    yield Load("random-qwen2-1GB", "transformers", "bf16", 2048, rows=4)
    if not gpu:
        print("No GPU here: the loads on CUDA are skipped.", file=sys.stderr)
        return
    for model, precision, context in itertools.product(ON_GPU, ("bf16", "nf4"), (2048, 8192, 32_768)):
        yield Load(model, "transformers", precision, context, rows=1, device="cuda")
    yield Load("random-Qwen3-8B", "transformers", "bf16", 8192, rows=4, device="cuda")


def main() -> None:
    """Measure what is missing, then print the table and draw the picture."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", type=Path, required=True, help="directory of the two GGUF files")
    parser.add_argument("--work", type=Path, help="where random checkpoints are written")
    parser.add_argument("--results", type=Path, default=HERE / "memory.jsonl")
    parser.add_argument("--only", default="", help="measure loads whose description holds this")
    options = parser.parse_args()
    import torch

    done = read(options.results)
    with tempfile.TemporaryDirectory(dir=options.work) as work:
        for load in loads(torch.cuda.is_available()):
            if load not in done and options.only in str(load):
                print(f"{load} ...", file=sys.stderr, flush=True)
                done[load] = measure(load, files(load, options.models, Path(work)))
                with options.results.open("a", encoding="utf-8") as out:
                    out.write(json.dumps(done[load]) + "\n")
                print(f"  peak {done[load]['peak'] / 1e9:.2f} GB", file=sys.stderr, flush=True)
    print(table(done))
    plots.predicted_against_measured(
        [(m, predicted(m).total, done[m]["peak"]) for m in done], HERE / "images/memory.png"
    )


def read(file: Path) -> dict[Load, dict[str, Any]]:
    """Return what earlier runs measured."""
    names = [f.name for f in fields(Load)]
    lines = file.read_text(encoding="utf-8").splitlines() if file.is_file() else []
    found = [json.loads(line) for line in lines]
    return {Load(**{name: one[name] for name in names}): one for one in found}


def row(load: Load) -> Model:
    """Return the catalogue's row of a load."""
    return catalogue_row(load.model) if load.model in SHAPES else load_catalogue().find(load.model)


def predicted(load: Load) -> Any:
    """Return the backend's estimate."""
    return load.owner().memory(row(load), load.offer(), load.reserved, load.settings())


def files(load: Load, models: Path, work: Path) -> Path:
    """Return where a load's files lie. One random checkpoint is kept at a time."""
    if load.model not in SHAPES:
        return models / f"{load.model.lower()}-{load.quant}.gguf"
    directory = work / load.model
    if not directory.is_dir():
        for old in work.iterdir():
            shutil.rmtree(old)
        directory.mkdir()
        write_checkpoint(load.model, models / f"{CODERS[0].lower()}-q4_k_m.gguf", directory)
    return directory


def measure(load: Load, path: Path) -> dict[str, Any]:
    """Run one load in a fresh process."""
    arguments = [json.dumps(asdict(load)), row(load).model_dump_json(), str(path)]
    ran = subprocess.run(
        [sys.executable, str(HERE / "memory_load.py"), *arguments], capture_output=True, text=True, check=False
    )
    if ran.returncode:
        raise SystemExit(f"{load} failed:\n{ran.stderr[-2000:]}")
    found: dict[str, Any] = json.loads(ran.stdout.splitlines()[-1])
    return found


def table(done: dict[Load, dict[str, Any]]) -> str:
    """Return the comparison in Markdown, gigabytes of 10^9 bytes."""
    heads = ("load", "backend", "contexts", "weights", "cache", "buffers", "runtime", "predicted", "measured", "error")
    more = ("loaded", "heap while loading")
    lines = ["| " + " | ".join((*heads, *more)) + " |", "| --- " * len((*heads, *more)) + "|"]
    for load, found in done.items():
        memory, peak = predicted(load), found["peak"]
        parts = (memory.weights, memory.kv_cache, memory.activations, memory.runtime, memory.total, peak)
        error = memory.total / peak - 1
        shown = f"{error:+.1%}" if abs(error) <= BAR or peak < BAR_BYTES else f"**{error:+.1%}**"
        lines.append(
            f"| {load.label} | {load.backend} {load.device} | {load.rows} x {load.context:,} | "
            + " | ".join(f"{part / 1e9:.2f}" for part in parts)
            + f" | {shown} | {found['loaded'] / 1e9:.2f} | {found['loading_heap'] / 1e9:.2f} |"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    main()
