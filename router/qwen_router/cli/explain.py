"""`qwen-router explain`: show the decision for a request without running a model."""

from __future__ import annotations

from typing import Annotated

import typer

from qwen_router.cli.console import (
    AsJson,
    Audios,
    ConfigPath,
    Images,
    content_of,
    open_router,
    out,
    print_json,
    read_text,
)
from qwen_router.cli.show import decision_view
from qwen_router.errors import Refused


def explain(
    text: Annotated[str, typer.Argument(help="The request; `-` reads standard input.")],
    task: Annotated[str | None, typer.Option("--task", metavar="T", help="Choose the specialist yourself.")] = None,
    image: Images = None,
    audio: Audios = None,
    as_json: AsJson = False,
    config: ConfigPath = None,
) -> None:
    """Say how TEXT would be answered, and why; no model is loaded."""
    from qwen_router.request import Hints, Request

    content = content_of(read_text(text), image or [], audio or [])
    with open_router(config) as router:
        decision = router.explain(Request.of([{"role": "user", "content": content}], hints=Hints(task=task)))
    if as_json:
        print_json(decision.model_dump_json(indent=2))
    if decision.denied is not None:
        raise Refused(decision.denied.why, decision.denied.fix, kind=decision.denied.kind)
    if not as_json:
        out.print(decision_view(decision, width=out.width))
