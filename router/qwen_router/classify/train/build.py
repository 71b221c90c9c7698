"""Train every part of the artefact and write it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qwen_router.classify import artefact
from qwen_router.classify.head import Head
from qwen_router.classify.train import attack, calibrate, data, difficulty, languages, sentences, student, unseen

VERSION = "1"
CENTROIDS = 40


def build(folder: Path, out: Path, cache: Path | None = None) -> dict[str, Any]:
    """Write the artefact and return its metadata.

    Args:
        folder: has ``routing/train.jsonl``, ``difficulty/mmlu.jsonl.gz`` and ``security/dev.jsonl``.
        out: the artefact to write.
        cache: keeps the teacher's vectors between runs.
    """
    rows = data.routing(folder)
    corpus = sentences.read(rows, cache)
    trained = student.train(corpus, np.arange(len(rows.texts)))
    kept = cache / f"unseen-{VERSION}.npz" if cache else None
    settings = calibrate.settle(corpus, unseen.leave_out(corpus, kept).logits)
    head = _cooled(trained.head, settings.first_temperature)
    hard, difficulty_metrics = difficulty.fit(*difficulty.read(folder, corpus, trained.pool, head))
    language, scale = languages.fit(rows)
    attack_arrays, attack_meta = attack.train(folder)
    meta = {
        "format": artefact.FORMAT,
        "version": VERSION,
        "tasks": list(data.TASKS),
        "languages": languages.CODES,
        "language_scale": scale,
        "data": data.hashes(folder),
        "metrics": settings.metrics | difficulty_metrics,
        "sure": settings.sure,
        "blend": settings.blend,
        **attack_meta,
    }
    arrays: dict[str, NDArray[Any]] = {
        "embedding": trained.table,
        "embedding_scales": trained.scales,
        "encoder_basis": trained.basis,
        "language": language,
        "centroids": _centroids(trained.pool(corpus.bags), rows.tasks),
        **_parts("task", head),
        **_parts("encoder", _cooled(trained.second, settings.second_temperature)),
        **_parts("difficulty", hard),
        **attack_arrays,
    }
    artefact.write(out, arrays, meta, corpus.vocabulary)
    return meta


def _parts(name: str, head: Head) -> dict[str, NDArray[np.float32]]:
    return {f"{name}_{part}": getattr(head, part) for part in ("mean", "scale", "weights", "bias")}


def _cooled(head: Head, temperature: float) -> Head:
    return Head(head.mean, head.scale, head.weights / temperature, head.bias / temperature)


def _centroids(vectors: NDArray[np.float32], tasks: NDArray[np.int64]) -> NDArray[np.float16]:
    """Return a few means a task: what new tasks are told apart from, without any row."""
    from sklearn.cluster import KMeans

    found = [
        KMeans(CENTROIDS, n_init=1, random_state=0).fit(vectors[tasks == task]).cluster_centers_
        for task in range(len(data.TASKS))
    ]
    return np.vstack(found).astype(np.float16)
