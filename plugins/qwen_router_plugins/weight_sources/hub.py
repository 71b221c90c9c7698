"""The Hugging Face hub."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar
from urllib.parse import quote

from qwen_router.backend import ModelFiles, Stored, size_on_disk
from qwen_router.catalog import GgufFile, Model
from qwen_router.choice import Offer
from qwen_router.config import Settings
from qwen_router_plugins.weight_sources import checkpoint
from qwen_router_plugins.weight_sources.remote import RemoteFile, RemoteSource, has_size

if TYPE_CHECKING:
    from qwen_router_plugins.weight_sources.download import Downloader

_REVISION = "main"
_TRUE = {"1", "ON", "YES", "TRUE"}
"""What `huggingface_hub` takes for true in its environment variables."""


class HubSource(RemoteSource):
    """Uses what the hub's own cache holds and downloads the rest into the router's cache.

    The hub's variables count: `HF_ENDPOINT`, `HF_HUB_OFFLINE`, `HF_HUB_CACHE`, `HF_HOME`, `HF_TOKEN`, and the token of
    `hf auth login`. `huggingface_hub` itself downloads nothing here: its version 2.4 throws an interrupted file away
    and doesn't compare a file with its SHA-256.

    Args:
        cache: The hub's cache; `None` takes the user's.
    """

    name: ClassVar[str] = "hub"
    host: ClassVar[str] = "The Hugging Face hub"

    def __init__(self, *, cache: Path | None = None, pause: float = 1.0) -> None:
        super().__init__(pause=pause)
        self._cache = cache

    def offline(self, settings: Settings) -> str | None:
        """Heed `weights.offline` and the hub's own variables."""
        if settings.weights.offline:
            return "weights.offline"
        names = ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE")
        return next((name for name in names if os.environ.get(name, "").upper() in _TRUE), None)

    def repository(self, model: Model) -> str:
        """Return the catalogue's id, which is the hub's."""
        return model.id

    def headers(self) -> dict[str, str]:
        """Return the user's token where there is one."""
        from huggingface_hub import get_token

        token = get_token()
        return {"Authorization": f"Bearer {token}"} if token else {}

    def list_files(self, repository: str, revision: str | None, downloader: Downloader) -> list[RemoteFile]:
        """Ask for the files of a commit, with the checksums of the large ones."""
        at = quote(revision or _REVISION, safe="")
        about = f"{repository} at {revision}" if revision else repository
        info = downloader.json(f"{_endpoint()}/api/models/{repository}/revision/{at}?blobs=true", about)
        return [
            RemoteFile(
                path=file["rfilename"],
                url=_url(repository, info["sha"], file["rfilename"]),
                size=file["size"],
                sha256=(file.get("lfs") or {}).get("sha256"),
            )
            for file in info["siblings"]
        ]

    def gguf_url(self, gguf: GgufFile) -> str:
        """Return the file at the commit that the catalogue pins, else the newest."""
        return _url(gguf.repo, gguf.revision or _REVISION, gguf.file)

    def find(self, model: Model, offer: Offer, settings: Settings) -> ModelFiles | None:
        """Look into the hub's cache, then into the router's."""
        return self._find_in_hub_cache(model, offer, settings) or super().find(model, offer, settings)

    def stored(self, model: Model, offer: Offer, settings: Settings) -> Sequence[Stored]:
        """Return what the router downloaded, and what the hub's own cache holds, which stays."""
        own = super().stored(model, offer, settings)
        cached = self._find_in_hub_cache(model, offer, settings)
        if cached is None:
            return own
        gguf = model.gguf_at(offer.quant)
        repository = gguf.repo if gguf and offer.format == "gguf" else model.id
        keeper = (
            "It is in the Hugging Face hub's cache, which other programs use. "
            f"Remove it with `hf cache rm model/{repository}`."
        )
        return [*own, Stored(path=cached.path, bytes=size_on_disk(cached.path), keeper=keeper)]

    def _find_in_hub_cache(self, model: Model, offer: Offer, settings: Settings) -> ModelFiles | None:
        if offer.format == "gguf" and (gguf := model.gguf_at(offer.quant)):
            for revision in dict.fromkeys((gguf.revision or _REVISION, _REVISION)):
                path = self._cached(gguf.repo, gguf.file, revision)
                if path and has_size(path, gguf.bytes):
                    return self.files(path)
        elif offer.format == "safetensors":
            path = self._cached(model.id, checkpoint.CONFIG, settings.weights.revisions.get(model.id, _REVISION))
            if path and checkpoint.lacking(path.parent, model) is None:
                return self.files(path.parent)
        return None

    def _cached(self, repository: str, file: str, revision: str) -> Path | None:
        from huggingface_hub import constants, try_to_load_from_cache

        cache = self._cache or constants.HF_HUB_CACHE
        # Nearly always the answer is no, and this test gives it ten times faster.
        if not os.path.isdir(os.path.join(cache, f"models--{repository.replace('/', '--')}")):
            return None
        found = try_to_load_from_cache(repository, file, cache_dir=cache, revision=revision)
        return Path(found) if isinstance(found, str) else None


def _endpoint() -> str:
    return os.environ.get("HF_ENDPOINT", "https://huggingface.co").rstrip("/")


def _url(repository: str, revision: str, file: str) -> str:
    return f"{_endpoint()}/{repository}/resolve/{quote(revision, safe='')}/{quote(file)}"
