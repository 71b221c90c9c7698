from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hub_server import Hub, serving

from qwen_router.config import Settings
from qwen_router.settings_file import load_settings


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings whose cache is the test's own."""
    return load_settings(weights={"cache": str(tmp_path / "cache")})


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    """A hub on the loopback that both hub sources ask, with a token that only it may see."""
    for name in ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE"):
        monkeypatch.delenv(name, raising=False)
    with serving() as hub:
        monkeypatch.setenv("HF_ENDPOINT", hub.url)
        monkeypatch.setenv("MODELSCOPE_ENDPOINT", hub.url)
        monkeypatch.setenv("HF_TOKEN", "hf_secret")
        yield hub
