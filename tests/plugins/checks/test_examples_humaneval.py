"""Examples found in HumanEval's prompts must hold for its own solutions."""

import json
import os
from functools import cache
from pathlib import Path

import pytest

from qwen_router_plugins.checks.examples import stated_examples
from qwen_router_plugins.checks.program import check_program, read_report
from qwen_router_plugins.checks.python_code import python_code
from qwen_router_plugins.sandbox import missing, run_python

ROOT = Path(__file__).resolve().parents[3]
DATA = Path(os.environ.get("QWEN_ROUTER_DATA", ROOT.parent / "shared" / "data")) / "bench" / "humaneval.jsonl"
NONCE = "@@0123456789abcdef"
# These prompts state something that their own solution and tests don't do.
WRONG_PROMPTS = {
    "median([-10, 4, 6, 1000, 10, 20])": "15.0",
    "sort_array([1, 5, 2, 3, 4])": "[1, 2, 3, 4, 5]",
    "sort_array([-2, -3, -4, -5, -6])": "[-6, -5, -4, -3, -2]",
}

pytestmark = pytest.mark.skipif(not DATA.is_file(), reason=f"no HumanEval in {DATA.parent}: set QWEN_ROUTER_DATA")


@cache
def rows() -> list[dict[str, str]]:
    return [json.loads(line) for line in DATA.read_text(encoding="utf-8").splitlines()]


def test_most_prompts_yield_examples():
    found = [bool(stated_examples(row["prompt"])) for row in rows()]
    prose = [bool(stated_examples(row["prompt"])) for row in rows() if ">>>" not in row["prompt"]]
    assert sum(found) >= 158
    assert sum(prose) >= 82


@pytest.mark.parametrize("style", ["{}", "Complete this function:\n\n```python\n{}\n```\nReturn only the code."])
def test_a_wrapped_prompt_yields_the_same(style: str):
    for row in rows():
        assert stated_examples(style.format(row["prompt"])) == stated_examples(row["prompt"]), row["task_id"]


@pytest.mark.skipif(missing() is not None, reason=missing() or "")
def test_every_example_holds_for_the_solution():
    failed = []
    for row in rows():
        examples = stated_examples(row["prompt"])
        run = run_python(check_program(row["prompt"] + row["canonical_solution"], examples, NONCE))
        report = read_report(run.stdout, examples, NONCE)
        assert report.complete, (row["task_id"], run)
        failed += [t for t in report.trials if t.status != "passed"]
    assert {t.example.call: t.example.expected for t in failed} == WRONG_PROMPTS


def test_a_solution_is_made_whole_again():
    for row in rows():
        prompt, name = row["prompt"], row["entry_point"]
        whole = prompt + row["canonical_solution"]
        alone = whole[whole.rindex(f"def {name}(") :]
        for answer in (
            f"Here it is:\n```python\n{whole}\n```",
            f"```python\n{alone}\n```\nIt works.",
            f"```python\n{row['canonical_solution']}```",
            row["canonical_solution"],
        ):
            code = python_code(answer, prompt)
            assert code is not None, (row["task_id"], answer)
            names: dict[str, object] = {}
            exec(compile(code, row["task_id"], "exec"), names)
            exec(row["test"], names)
            names["check"](names[name])  # type: ignore[operator]
