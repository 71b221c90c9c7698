"""Turns the published scores of the family into one expected quality a model and task.

No two models are scored on the same benchmarks, so their averages can't be compared. Each score's logit is taken as
the model's ability for the task, less the benchmark's difficulty, plus noise: the Rasch model (Rasch 1960) on shares of
right answers instead of single ones. An ability is drawn towards what the model's size, generation and specialty let
one expect, so a model with few scores rests on its kin and one with many on itself. Everything is Gaussian: one linear
system.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np

from qwen_router.catalog.model import Model, Quality
from qwen_router.types import Task

_PANELS = {
    "math": ("GSM8K", "MATH", "MATH-500", "AIME24", "AIME25", "AIME26", "HMMT Feb25", "MinervaMath"),
    "code": (
        "HumanEval",
        "HumanEval+",
        "MBPP",
        "MBPP+",
        "EvalPlus",
        "MultiPL-E",
        "BigCodeBench(full)",
        "LiveCodeBench",
        "LiveCodeBench(2305-2409)",
        "LiveCodeBench-v5",
        "LiveCodeBench-v6",
        "SWE-bench Verified",
        "SWE-bench Pro",
        "Aider-Polyglot",
        "Aider(code edit)",
    ),
    "vision": (
        "MMMU(val)",
        "MMMU-Pro",
        "MathVista(mini)",
        "MathVision",
        "MMStar",
        "RealWorldQA",
        "DocVQA(test)",
        "ChartQA",
        "InfoVQA",
        "MMBench-V1.1",
        "CC-OCR",
        "CharXiv(RQ)",
        "DynaMath",
    ),
    "audio": ("VoiceBench(avg)",),
    "general": (
        "MMLU",
        "MMLU-Pro",
        "MMLU-Redux",
        "GPQA",
        "GPQA-Diamond",
        "SuperGPQA",
        "C-Eval",
        "IFEval",
        "Arena-Hard",
        "Arena-Hard-v2",
        "LiveBench",
        "LiveBench(0831)",
        "LiveBench(2024-11-25)",
        "ZebraLogic",
        "MMMLU",
    ),
}
_SPECIALTY = {"math": "math", "code": "code", "vision": "vision", "audio": "audio", "general": "general"}
_GENERATIONS = (2.0, 2.5, 3.0, 3.5, 3.6, 3.8)

# Standard deviations in logits: of a score around the model's ability, of a model around its kin, of one of its modes
# (thinking or not) around the model, of a benchmark.
_NOISE, _MODEL, _MODE, _BENCHMARK = 0.35, 0.4, 0.2, 2.0
# Prior mean and standard deviation of each effect, in logits: a tenfold size, the model's specialty, another specialty
# than the task's (nobody publishes these), thinking, and each generation over the one before.
_EFFECTS = {"constant": (0.0, 2.0), "size": (1.1, 0.4), "own": (0.4, 0.3), "other": (-0.8, 0.1), "thinking": (1.0, 1.0)}
_STEP = (0.2, 0.3)


class _Score(NamedTuple):
    model: int
    thinking: bool
    benchmark: str
    logit: float


def published(rows: Sequence[dict[str, Any]]) -> list[list[tuple[str, bool, float]]]:
    """Return (benchmark, whether it thought, percent) for each row of the family's data.

    Scores of base checkpoints, of tool use and of a choice among samples say nothing about one plain answer.
    """
    return [
        [
            (figure["name"], figure["mode"].startswith("thinking"), float(figure["value"]))
            for figure in row["benchmarks"] or ()
            if isinstance(figure["value"], int | float) and not re.match(r"base$|TIR", figure["mode"])
        ]
        for row in rows
    ]


def expected_qualities(
    models: Sequence[Model], scores: Sequence[Sequence[tuple[str, bool, float]]]
) -> list[dict[Task, Quality]]:
    """Return each model's expected quality by task.

    Args:
        scores: For each model, what `published` returns.
    """
    found: list[dict[Task, Quality]] = [{} for _ in models]
    for task, panel in _PANELS.items():
        able = [i for i, m in enumerate(models) if _can(m, task)]
        if not able:
            continue
        figures = [
            _Score(i, thinking, name, _logit(value / 100))
            for i in able
            for name, thinking, value in scores[i]
            if name in panel
        ]
        abilities = _fit([(i, t) for i in able for t in _modes(models[i])], models, task, figures)
        for i in able:
            values = {t: 1 / (1 + math.exp(-abilities[i, t])) for t in _modes(models[i])}
            counts = {t: sum(s.model == i and s.thinking == t for s in figures) for t in values}
            found[i][task] = Quality(
                plain=_rounded(values.get(False)),
                thinking=_rounded(values.get(True)),
                scores=counts.get(False, 0),
                thinking_scores=counts.get(True, 0),
            )
    return found


def _fit(
    keys: Sequence[tuple[int, bool]], models: Sequence[Model], task: Task, scores: Iterable[_Score]
) -> dict[tuple[int, bool], float]:
    """Return the posterior mean ability, in logits on a benchmark of average difficulty, of each model and mode."""
    scores = [s for s in scores if (s.model, s.thinking) in set(keys)]
    benchmarks = sorted({s.benchmark for s in scores})
    known = sorted({i for i, _ in keys})
    # Columns: the effects, one a model, one a mode of a model. Its product with the weights is the ability.
    able = np.hstack(
        [
            np.array([_features(models[i], task, thinking=t) for i, t in keys]),
            np.array([[float(i == k) for k in known] for i, _ in keys]),
            np.eye(len(keys)),
        ]
    )
    prior = np.array([*_EFFECTS.values(), *([_STEP] * len(_GENERATIONS))])
    mean = np.concatenate([prior[:, 0], np.zeros(len(known) + len(keys) + len(benchmarks))])
    spread = np.concatenate(
        [prior[:, 1], *(np.full(len(n), s) for n, s in ((known, _MODEL), (keys, _MODE), (benchmarks, _BENCHMARK)))]
    )
    row_of = {key: at for at, key in enumerate(keys)}
    design = np.zeros((len(scores), len(mean)))
    for at, score in enumerate(scores):
        design[at, : able.shape[1]] = able[row_of[score.model, score.thinking]]
        design[at, able.shape[1] + benchmarks.index(score.benchmark)] = 1
    seen = np.array([s.logit for s in scores])
    precision = design.T @ design / _NOISE**2 + np.diag(spread**-2.0)
    weights = np.linalg.solve(precision, design.T @ seen / _NOISE**2 + mean / spread**2)
    ability, easiness = able @ weights[: able.shape[1]], weights[able.shape[1] :]
    average = float(np.mean(easiness)) if len(easiness) else 0.0
    return {key: float(ability[at]) + average for key, at in row_of.items()}


def _features(model: Model, task: Task, *, thinking: bool) -> list[float]:
    # The geometric mean of total and active parameters: the rule of thumb for mixtures of experts.
    size = math.log10(math.sqrt(model.parameters * model.active_parameters) / 7e9)
    own = model.specialty == _SPECIALTY[task]
    other = not own and model.specialty != "general"
    general = task == "general"
    return [
        1.0,
        size,
        float(own and not general),
        float(other),
        float(thinking),
        *(float(model.generation >= g) for g in _GENERATIONS),
    ]


def _can(model: Model, task: Task) -> bool:
    needed = {"vision": "image", "audio": "audio"}.get(task, "text")
    return needed in model.modalities and model.specialty not in ("embedding", "guard")


def _modes(model: Model) -> tuple[bool, ...]:
    return {"none": (False,), "only": (True,), "hybrid": (False, True)}[model.thinking]


def _logit(share: float) -> float:
    share = min(max(share, 0.01), 0.99)
    return math.log(share / (1 - share))


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 3)
