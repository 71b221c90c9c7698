"""`qwen-router ask`: route one request and stream its answer."""

from __future__ import annotations

import sys
from enum import StrEnum
from typing import Annotated, Any

import typer
from rich.markup import escape

from qwen_router.cli.console import (
    AsJson,
    Audios,
    ConfigPath,
    FetchProgress,
    Images,
    content_of,
    err,
    open_router,
    print_json,
    printable,
    read_text,
)
from qwen_router.errors import Refused


class Thinking(StrEnum):
    """What `--thinking` takes."""

    on = "on"
    off = "off"
    auto = "auto"


def ask(
    text: Annotated[str, typer.Argument(help="What you want to know; `-` reads standard input.")],
    image: Images = None,
    audio: Audios = None,
    task: Annotated[str | None, typer.Option("--task", metavar="T", help="Choose the specialist yourself.")] = None,
    model: Annotated[str | None, typer.Option("--model", metavar="M", help="Choose the model yourself.")] = None,
    thinking: Annotated[
        Thinking, typer.Option("--thinking", help="Whether the model may think first.")
    ] = Thinking.auto,
    language: Annotated[
        list[str] | None, typer.Option("--language", metavar="L", help="Answer in it (es, zh, ...); may be repeated.")
    ] = None,
    stream: Annotated[bool, typer.Option("--stream/--no-stream", help="Print the answer as it comes.")] = True,
    run_code: Annotated[
        bool, typer.Option("--run-code", help="Let the check run the answer's Python in the sandbox.")
    ] = False,
    as_json: AsJson = False,
    config: ConfigPath = None,
) -> None:
    """Answer TEXT. The decision goes to standard error, the answer to standard output."""
    from qwen_router.cli.announcing import Announcer
    from qwen_router.request import Hints, Request
    from qwen_router.types import Answer

    request = Request.of(
        [{"role": "user", "content": content_of(read_text(text), image or [], audio or [])}],
        hints=Hints(task=task, model=model, thinking={"on": True, "off": False, "auto": None}[thinking.value]),
        languages=tuple(language or ()),
    )
    progress = FetchProgress()
    plugins = [] if as_json else [Announcer(err.print)]
    overrides = {"security": {"code_execution": "sandbox"}} if run_code else None
    with open_router(config, overrides=overrides, plugins=plugins, progress=progress) as router:
        answer = router.invoke(request) if as_json or not stream else _stream(router.stream(request), Answer)
    if as_json:
        print_json(answer.model_dump_json(indent=2))
    elif not stream and not answer.refused:
        sys.stdout.write(printable(answer.text) + "\n")
    for warning in answer.warnings:
        err.print(f"[yellow]Note:[/] {escape(warning)}")
    if answer.decision.denied is not None:
        denied = answer.decision.denied
        raise Refused(denied.why, denied.fix, kind=denied.kind, retry_after=denied.retry_after)


def _stream(items: Any, final: type[Any]) -> Any:
    """Print chunks as they come, thinking dimmed on standard error; return the answer."""
    attempt, thinking, step = 1, False, None
    for item in items:
        if isinstance(item, final):
            if step is not None:
                sys.stdout.write("\n")
            return item
        if item.step == step and item.attempt > attempt:
            sys.stdout.write("\n\n")
        attempt, step = item.attempt, item.step
        if item.kind == "thinking":
            thinking = True
            err.print(printable(item.text), style="dim", end="", markup=False)
            continue
        if thinking:
            thinking = False
            err.print("\n")
        sys.stdout.write(printable(item.text))
        sys.stdout.flush()
    return None
