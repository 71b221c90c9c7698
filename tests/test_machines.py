"""What is chosen on each recorded machine is written down, and every choice keeps its promises."""

import importlib.util
from pathlib import Path

import pytest

from qwen_router import NoModelFits, Resources, Router
from qwen_router.testing import AllWeights
from qwen_router_policies.sizing import fitness

HERE = Path(__file__).parent / "machines"
_spec = importlib.util.spec_from_file_location("machines_table", HERE / "table.py")
TABLE = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(TABLE)
MACHINES = {file.stem: Resources.model_validate_json(file.read_text("utf-8")) for file in HERE.glob("*.json")}


@pytest.fixture(scope="module")
def router():
    with Router.from_config(plugins=[AllWeights()], weights={"sources": ["all"]}, sizing={"learn": False}) as made:
        yield made


def test_the_table_is_up_to_date():
    assert TABLE.table() == (HERE / "README.md").read_text("utf-8"), "run: python tests/machines/table.py"


@pytest.mark.parametrize("name", sorted(MACHINES))
@pytest.mark.parametrize("task", ["general", "math", "code"])
def test_a_choice_fits_and_a_harder_request_never_gets_a_worse_one(router, name, task):
    machine = MACHINES[name]
    qualities = []
    for difficulty in (0.0, 0.05, 0.1, 0.19):
        winner = TABLE.choose(router, machine, task, difficulty).winner
        free = machine.ram_free
        if winner.offer.device != "cpu":
            free = max(d.free for d in machine.devices if d.kind == winner.offer.device)
        assert winner.memory_bytes <= 0.8 * free
        qualities.append(fitness(winner))
    assert qualities == sorted(qualities)


@pytest.mark.parametrize("task", ["general", "math", "code", "vision"])
@pytest.mark.parametrize("difficulty", [0.1, 0.6])
def test_more_ram_never_gives_a_worse_choice(router, task, difficulty):
    machine = MACHINES["cpu-server-64core"]
    found = []
    for gib in (1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256):
        smaller = machine.model_copy(update={"ram_total": gib << 30, "ram_free": gib << 30})
        try:
            winner = TABLE.choose(router, smaller, task, difficulty).winner
        except NoModelFits:
            found.append((False, 0.0))
        else:
            prompt = winner.tokens_per_second >= 5 and not winner.overthinks
            found.append((prompt, fitness(winner)))
    assert found == sorted(found)
