"""Fixtures of the classifier's tests."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from qwen_router.classify import Classifier

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="session")
def classifier() -> Classifier:
    """Return the first stage alone: the second is optional and slower."""
    return Classifier(stages=1)


@pytest.fixture(scope="session")
def data() -> Path:
    """Return the folder of public data, or skip."""
    folder = Path(os.environ.get("QWEN_ROUTER_DATA", ROOT.parent / "shared" / "data"))
    if not (folder / "routing" / "dev.jsonl").exists():
        pytest.skip(f"no routing data in {folder}: set QWEN_ROUTER_DATA")
    return folder
