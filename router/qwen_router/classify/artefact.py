"""Load the trained artefact: one compressed archive of arrays, read once per process."""

from __future__ import annotations

import json
import threading
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qwen_router.errors import ArtefactError

PATH = Path(__file__).with_name("brain.npz")
FORMAT = 1
Arrays = Mapping[str, NDArray[Any]]


@dataclass(frozen=True)
class Artefact:
    """The arrays of every part, and what they were trained on.

    Attributes:
        arrays: name to array; the names are those ``train/build.py`` writes.
        meta: format, version, tasks, languages, data hashes, metrics, thresholds.
        vocabulary: the pieces, in the order of the embedding's rows.
    """

    arrays: Arrays
    meta: dict[str, Any]
    vocabulary: tuple[str, ...]


_lock = threading.Lock()
_loaded: dict[Path, Artefact] = {}


def load(path: Path = PATH) -> Artefact:
    """Return the artefact of ``path``, reading it at most once per process.

    Raises:
        ArtefactError: the file is missing, damaged or of another format.
    """
    with _lock:
        if path not in _loaded:
            _loaded[path] = _read(path)
        return _loaded[path]


def _read(path: Path) -> Artefact:
    try:
        # numpy leaves the file open when it is damaged.
        with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in archive.files}
        meta = json.loads(arrays.pop("meta").tobytes())
        if meta["format"] != FORMAT:
            raise ValueError(f"format {meta['format']}, expected {FORMAT}")
        vocabulary = tuple(arrays.pop("vocabulary").tobytes().decode("utf-8").split("\n"))
    except (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        problem = "is missing" if isinstance(error, FileNotFoundError) else f"is damaged ({error})"
        raise ArtefactError(
            f"The classifier's file {path} {problem}.",
            "Reinstall it with: pip install --force-reinstall --no-deps qwen-router",
        ) from error
    return Artefact(arrays, meta, vocabulary)


def write(path: Path, arrays: Arrays, meta: Mapping[str, Any], vocabulary: tuple[str, ...]) -> None:
    """Write an artefact; equal inputs give equal bytes, since numpy stamps no time into its archives."""
    np.savez_compressed(
        path,
        allow_pickle=False,
        meta=np.frombuffer(json.dumps(dict(meta), sort_keys=True).encode(), dtype=np.uint8),
        vocabulary=np.frombuffer("\n".join(vocabulary).encode(), dtype=np.uint8),
        **arrays,
    )
