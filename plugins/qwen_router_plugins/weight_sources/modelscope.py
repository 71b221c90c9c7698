"""ModelScope, where the family is published too."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, ClassVar
from urllib.parse import quote

from qwen_router.catalog import GgufFile, Model
from qwen_router.config import Settings
from qwen_router.errors import WeightsError
from qwen_router_plugins.weight_sources.remote import RemoteFile, RemoteSource

if TYPE_CHECKING:
    from qwen_router_plugins.weight_sources.download import Downloader

_REVISION = "master"


class ModelScopeSource(RemoteSource):
    """Downloads from ModelScope over plain HTTP; `MODELSCOPE_ENDPOINT` names another address, as for its own tools.

    A GGUF repository has the same name there as on the Hugging Face hub, and the catalogue's SHA-256 proves that the
    file is the same.
    """

    name: ClassVar[str] = "modelscope"
    host: ClassVar[str] = "ModelScope"

    def offline(self, settings: Settings) -> str | None:
        """Heed `weights.offline`."""
        return "weights.offline" if settings.weights.offline else None

    def repository(self, model: Model) -> str | None:
        """Return the catalogue's ModelScope id."""
        return model.modelscope_id

    def headers(self) -> dict[str, str]:
        """Return none: the family's repositories are open."""
        return {}

    def list_files(self, repository: str, revision: str | None, downloader: Downloader) -> list[RemoteFile]:
        """Ask for the files of a version; `Sha256` is given for most."""
        at = quote(revision or _REVISION, safe="")
        about = f"{repository} at {revision}" if revision else repository
        url = f"{_endpoint()}/api/v1/models/{repository}/repo/files?Revision={at}&Recursive=true"
        answer = downloader.json(url, about)
        if not answer.get("Success", True) or not (answer.get("Data") or {}).get("Files"):
            raise WeightsError(f"ModelScope lists no files of {about}: {answer.get('Message')}.")
        return [
            RemoteFile(
                path=file["Path"],
                url=_url(repository, at, file["Path"]),
                size=file["Size"],
                sha256=file.get("Sha256") or None,
            )
            for file in answer["Data"]["Files"]
            if file.get("Type") != "tree"
        ]

    def gguf_url(self, gguf: GgufFile) -> str:
        """Return the file of that name; ModelScope knows none of the hub's commits."""
        return _url(gguf.repo, _REVISION, gguf.file)


def _endpoint() -> str:
    return os.environ.get("MODELSCOPE_ENDPOINT", "https://modelscope.cn").rstrip("/")


def _url(repository: str, revision: str, path: str) -> str:
    return f"{_endpoint()}/api/v1/models/{repository}/repo?Revision={revision}&FilePath={quote(path, safe='')}"
