"""`qwen-router classify`: show what requests are."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from qwen_router.cli.console import AsJson, ConfigPath, open_router, out, print_json, read_text
from qwen_router.cli.lines import run_lines
from qwen_router.cli.show import classification_table
from qwen_router.errors import InputError


class Stage(StrEnum):
    """What `--stage` takes."""

    first = "1"
    both = "2"


def classify(
    text: Annotated[str | None, typer.Argument(help="The request; `-` reads standard input.")] = None,
    jsonl: Annotated[Path | None, typer.Option("--jsonl", metavar="IN", help="Classify a file of JSON lines.")] = None,
    out_file: Annotated[Path | None, typer.Option("--out", metavar="OUT", help="Where the lines go.")] = None,
    stage: Annotated[Stage, typer.Option("--stage", help="The last stage that may be asked.")] = Stage.both,
    as_json: AsJson = False,
    config: ConfigPath = None,
) -> None:
    """Say what TEXT is: task, difficulty, language, and the signals that weighed.

    A line of IN is {"id", "text" | "messages", "has_image"?, "has_audio"?}.
    """
    if (text is None) == (jsonl is None):
        raise InputError("Give either a text or --jsonl.", "See qwen-router classify --help.")
    if jsonl is not None:
        _lines(jsonl, out_file, int(stage.value))
        return
    with open_router(config, stages=int(stage.value)) as router:
        classification = router.classify(read_text(text or ""))
    if as_json:
        print_json(classification.model_dump_json(indent=2))
    else:
        out.print(classification_table(classification))


def _lines(source: Path, target: Path | None, stages: int) -> None:
    """Classify a file, without a router: only the built-in tasks are known."""
    from qwen_router.classify import Classifier
    from qwen_router.classify.jsonl import classify_lines

    classifier = Classifier(stages=stages)
    run_lines(source, target, lambda lines, to, report: classify_lines(lines, to, classifier, report))
