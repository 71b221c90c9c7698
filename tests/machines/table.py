"""Prints what would be chosen on each recorded machine: `python tests/machines/table.py > tests/machines/README.md`.

Every model's files are taken as given, so that the machine alone decides.
"""

from __future__ import annotations

import sys
from pathlib import Path

from qwen_router import Choice, Classification, NoModelFits, Request, Resources, Router
from qwen_router.candidates import list_candidates
from qwen_router.deciding import size
from qwen_router.testing import AllWeights

HERE = Path(__file__).parent
ASKED = {
    "an easy question": ("general", 0.05),
    "a hard question": ("general", 0.6),
    "easy mathematics": ("math", 0.1),
    "hard mathematics": ("math", 0.7),
    "easy code": ("code", 0.1),
    "hard code": ("code", 0.6),
    "a picture": ("vision", 0.3),
    "a recording": ("audio", 0.3),
}
_GIB = 2**30
_INTRODUCTION = """# What is chosen on which machine

Every model's files are taken as given; the settings are the defaults. A choice reads: model, precision and device,
predicted memory, expected tokens a second, expected quality. Made by `python tests/machines/table.py`, and held by
`tests/test_machines.py`.
"""


def table() -> str:
    """Return the page."""
    with Router.from_config(plugins=[AllWeights()], weights={"sources": ["all"]}, sizing={"learn": False}) as router:
        parts = [_INTRODUCTION]
        for file in sorted(HERE.glob("*.json"), key=_order):
            machine = Resources.model_validate_json(file.read_text("utf-8"))
            rows = [f"| {name} | {_choice(router, machine, *what)} |" for name, what in ASKED.items()]
            parts.append(
                "\n".join(
                    [f"## {file.stem}", "", _facts(machine), "", "| asked | chosen, and why |", "|---|---|", *rows, ""]
                )
            )
        return "\n".join(parts)


def choose(router: Router, machine: Resources, task: str, difficulty: float) -> Choice:
    """Return what is chosen on a machine for a short English request."""
    services = router._services
    request = Request.of("?")
    classification = Classification(scores={task: 1.0}, task=task, difficulty=difficulty, language="en")
    found = list_candidates(services, services.registry.specialist(task), request, classification, resources=machine)
    return size(services, found, classification, request, resources=machine)


def _choice(router: Router, machine: Resources, task: str, difficulty: float) -> str:
    try:
        choice = choose(router, machine, task, difficulty)
    except NoModelFits as error:
        return error.what
    best = choice.winner
    thinking = ", thinking" if best.thinking else ""
    kind = best.precision if best.offer.quant in ("", best.precision) else f"{best.precision} of {best.offer.quant}"
    return (
        f"**{best.model.rpartition('/')[2]}** {kind} on {best.offer.device}{thinking}: "
        f"{best.memory_bytes / _GIB:.1f} GiB, {best.tokens_per_second:.0f} tokens/s, {best.quality:.0%}. "
        f"{choice.reason}"
    )


def _facts(machine: Resources) -> str:
    devices = "".join(f"; {d.name} {d.free / _GIB:.1f} of {d.total / _GIB:.0f} GiB free" for d in machine.devices)
    ram = f"{machine.ram_free / _GIB:.1f} of {machine.ram_total / _GIB:.0f} GiB RAM free"
    return f"{ram}, {machine.cores} cores{devices}"


def _order(file: Path) -> tuple[int, str]:
    machine = Resources.model_validate_json(file.read_text("utf-8"))
    return machine.ram_total + sum(d.total for d in machine.devices), file.name


if __name__ == "__main__":
    sys.stdout.write(table())
