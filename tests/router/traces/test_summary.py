"""What rows come to."""

import pytest

from qwen_router.traces import Trace, summarise
from qwen_router.traces.cost import Cost
from qwen_router.traces.summary import PERIODS, By, Figures


def row(at=0.0, status="answered", kind="stop", task="math", models="o/a", **fields):
    defaults = {
        "id": 1,
        "request_id": "r",
        "user": "u",
        "thinking": 0,
        "attempts": 1,
        "escalations": 0,
        "seconds": 2.0,
        "first_token": 0.5,
        "generate": 1.0,
        "input_tokens": 10,
        "output_tokens": 20,
        "thinking_tokens": 0,
        "body": "",
    }
    return Trace(
        **{**defaults, "created": at, "status": status, "kind": kind, "task": task, "models": models, **fields}
    )


def free(trace):
    return None


def test_percentiles_are_values_that_occurred():
    figures = Figures.of([float(value) for value in range(1, 101)][::-1])
    assert (figures.mean, figures.p50, figures.p95, figures.p99) == (50.5, 50.0, 95.0, 99.0)
    assert Figures.of([3.0]) == Figures(mean=3.0, p50=3.0, p95=3.0, p99=3.0)
    assert Figures.of([]).mean is None


def test_shares_are_of_what_they_can_be_of():
    rows = [row(), row(thinking=1), row(escalations=1), row(escalations=2, thinking=1)]
    rows += [row(status="refused", kind="length"), row(status="failed", kind="BackendError", escalations=1)] * 2
    summary = summarise(rows, free)
    assert (summary.requests, summary.answered) == (8, 4)
    assert (summary.refused, summary.failed) == ({"length": 2}, {"BackendError": 2})
    assert (summary.refusal_rate, summary.failure_rate) == (0.25, 0.25)
    assert (summary.thinking, summary.escalated) == (0.5, 0.5)
    assert summary.saved is None


def test_times_are_those_of_answers():
    rows = [row(seconds=2.0), row(seconds=4.0), row(status="failed", seconds=99.0), row(status="refused", seconds=0.0)]
    summary = summarise([*rows, row(seconds=3.0, first_token=None, generate=0.0)], free)
    assert (summary.seconds.mean, summary.seconds.p99) == (3.0, 4.0)
    assert summary.first_token.mean == 0.5
    assert summary.tokens_per_second.p50 == 20.0
    assert summary.output_tokens == 100


def test_what_was_saved_weighs_each_answer_by_its_cost():
    costs = iter([Cost(1.0, 10.0), None, Cost(70.0, 90.0)])
    assert summarise([row(), row(), row()], lambda trace: next(costs)).saved == pytest.approx(0.29)


def test_groups_are_told_apart_by_model_or_task():
    rows = [row(models="o/a o/b"), row(models="o/b"), row(task="code"), row(status="refused", task="", models="")]
    by_model = summarise(rows, free, By.model).groups
    assert {name: group.requests for name, group in by_model.items()} == {"o/a": 2, "o/b": 2}
    by_task = summarise(rows, free, By.task).groups
    assert {name: group.requests for name, group in by_task.items()} == {"math": 2, "code": 1}
    assert list(by_task) == ["math", "code"]
    assert summarise(rows, free).groups == {}


def test_the_time_is_divided_into_equal_parts_whatever_the_order():
    summary = summarise([row(100.0), row(0.0, seconds=7.0), row(50.0, status="failed"), row(100.0)], free)
    assert (summary.first, summary.last) == (0.0, 100.0)
    counts = [period.requests for period in summary.periods]
    assert len(counts) == PERIODS
    assert (counts[0], counts[PERIODS // 2], counts[-1], sum(counts)) == (1, 1, 2, 4)
    assert (summary.periods[0].seconds, summary.periods[PERIODS // 2].seconds) == (7.0, None)


def test_no_rows_come_to_nothing():
    assert summarise([], free).model_dump(exclude_defaults=True) == {}
