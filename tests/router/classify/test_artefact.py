"""The artefact: size, contents, and what happens without it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from qwen_router.classify import artefact
from qwen_router.errors import ArtefactError


def test_the_artefact_fits_in_the_wheel() -> None:
    assert artefact.PATH.stat().st_size <= 7_300_000


def test_the_artefact_says_what_it_was_trained_on() -> None:
    meta = artefact.load().meta
    assert set(meta["data"]) == {"routing/train.jsonl", "difficulty/mmlu.jsonl.gz", "security/dev.jsonl"}
    assert len(meta["languages"]) >= 30
    assert meta["version"]
    assert meta["metrics"]


def test_a_missing_artefact_names_the_file_and_the_mend(tmp_path: Path) -> None:
    with pytest.raises(ArtefactError, match=r"absent\.npz is missing.*pip install --force-reinstall"):
        artefact.load(tmp_path / "absent.npz")


@pytest.mark.parametrize("keep", [0, 100, 100_000])
def test_a_damaged_artefact_is_an_error(tmp_path: Path, keep: int) -> None:
    damaged = tmp_path / "damaged.npz"
    damaged.write_bytes(artefact.PATH.read_bytes()[:keep])
    with pytest.raises(ArtefactError, match="is damaged"):
        artefact.load(damaged)


def test_a_flipped_byte_is_an_error(tmp_path: Path) -> None:
    content = bytearray(artefact.PATH.read_bytes())
    content[len(content) // 2] ^= 0xFF
    damaged = tmp_path / "flipped.npz"
    damaged.write_bytes(content)
    with pytest.raises(ArtefactError, match="is damaged"):
        artefact.load(damaged)


def test_writing_is_reproducible(tmp_path: Path) -> None:
    arrays = {"a": np.arange(5)}
    for name in ("one.npz", "two.npz"):
        artefact.write(tmp_path / name, arrays, {"format": artefact.FORMAT}, ("x", "y"))
    assert (tmp_path / "one.npz").read_bytes() == (tmp_path / "two.npz").read_bytes()
    assert artefact.load(tmp_path / "one.npz").vocabulary == ("x", "y")
