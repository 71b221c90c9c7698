"""`qwen-router classify`: show what a request is."""

from __future__ import annotations

from typing import Annotated

import typer

from qwen_router.cli.console import AsJson, ConfigPath, open_router, out, print_json, read_text
from qwen_router.cli.show import classification_table


def classify(
    text: Annotated[str, typer.Argument(help="The request; `-` reads standard input.")],
    as_json: AsJson = False,
    config: ConfigPath = None,
) -> None:
    """Say what TEXT is: task, difficulty, language, and the signals that weighed."""
    with open_router(config) as router:
        classification = router.classify(read_text(text))
    if as_json:
        print_json(classification.model_dump_json(indent=2))
    else:
        out.print(classification_table(classification))
