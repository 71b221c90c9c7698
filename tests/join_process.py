"""Joins the parts of a model in a process of its own: `python join_process.py MODEL.json CACHE [LIMIT]`.

It prints `joining` or `waiting` at the first word of the progress, then waits for a line on standard input; at the end
it prints `done PATH` or `failed MESSAGE`. LIMIT is the size in bytes beyond which the system refuses to write a file.
"""

from __future__ import annotations

import sys
from pathlib import Path

from qwen_router.catalog import Model
from qwen_router.choice import Offer
from qwen_router.errors import WeightsError
from qwen_router.settings_file import load_settings
from qwen_router_plugins.weight_sources.embedded import EmbeddedSource


def main() -> None:
    """Join, or say why not."""
    model = Model.model_validate_json(Path(sys.argv[1]).read_bytes())
    settings = load_settings(weights={"cache": sys.argv[2]})
    if len(sys.argv) > 3:
        import resource

        limit = int(sys.argv[3])
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
    told = False

    def progress(name: str, done: int, total: int) -> None:
        nonlocal told
        if not told:
            told = True
            print("waiting" if "waiting" in name else "joining", flush=True)
            sys.stdin.readline()

    try:
        files = EmbeddedSource().fetch(
            model, Offer(precision="q4_k_m", format="gguf", quant="q4_k_m"), settings, progress
        )
        print("done", files.path, flush=True)
    except WeightsError as error:
        print("failed", error, flush=True)


if __name__ == "__main__":
    main()
