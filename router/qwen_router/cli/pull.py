"""`qwen-router pull`: fetch a model's files."""

from __future__ import annotations

from typing import Annotated

import typer

from qwen_router.cli.console import ConfigPath, FetchProgress, open_router, out


def pull(
    model: Annotated[str, typer.Argument(help="A model of the catalogue, such as Qwen3-4B.")],
    precision: Annotated[
        str | None,
        typer.Option("--precision", metavar="P", help="bf16 for safetensors, or a GGUF type such as q4_k_m."),
    ] = None,
    config: ConfigPath = None,
) -> None:
    """Fetch MODEL: resumes what was cut off, verifies what it brings."""
    progress = FetchProgress()
    with open_router(config) as router:
        try:
            files = router.pull(model, precision=precision, progress=progress)
        finally:
            progress.close()
    out.print(f"{files.path} ({files.format}, from {files.source})", markup=False)
