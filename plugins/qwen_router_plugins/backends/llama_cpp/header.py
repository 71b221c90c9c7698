"""The header of a GGUF file, read and checked before llama.cpp sees the file: a broken one would end the process.

The format: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
"""

from __future__ import annotations

import math
import mmap
import struct
from pathlib import Path
from typing import Any, NamedTuple

from qwen_router.errors import WeightsError

_MAGIC = b"GGUF"
_VERSIONS = (2, 3)
_MOST_ENTRIES = 1 << 20
"""More keys or tensors than any model has: the count itself is damaged."""
_NUMBERS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
_STRING, _ARRAY = 8, 9
# Values and bytes of one block, by ggml type: ggml/src/ggml-common.h. A type that isn't here is not checked for size.
_BLOCKS = {
    0: (1, 4),
    1: (1, 2),
    2: (32, 18),
    3: (32, 20),
    6: (32, 22),
    7: (32, 24),
    8: (32, 34),
    10: (256, 84),
    11: (256, 110),
    12: (256, 144),
    13: (256, 176),
    14: (256, 210),
    24: (1, 1),
    25: (1, 2),
    26: (1, 4),
    27: (1, 8),
    28: (1, 8),
    30: (1, 2),
}
_REFETCH = "Delete it and fetch it again with `qwen-router pull`."


class GgufHeader(NamedTuple):
    """What stands before the tensors' data; `metadata` by key, arrays as lists or tuples."""

    version: int
    metadata: dict[str, Any]
    tensors: int


def read_header(path: Path, model_type: str = "") -> GgufHeader:
    """Read the header and check that the file is a whole Qwen model.

    Args:
        model_type: What it has to be, as the catalogue and transformers name it; empty takes the whole family.

    Raises:
        WeightsError: The file can't be read, is not GGUF, is cut short or damaged, or holds another kind of model.
    """
    try:
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            header = _read(path, data)
    except FileNotFoundError:
        raise WeightsError(f"There is no model file {path}.", "Fetch it with `qwen-router pull`.") from None
    except OSError as error:
        raise WeightsError(f"Can't read the model file {path}: {error.strerror}.", "Check its permissions.") from None
    except ValueError:
        # mmap's word for an empty file, and struct's and the codec's for what no writer of GGUF makes.
        raise WeightsError(f"The model file {path} is empty or damaged.", _REFETCH) from None
    architecture = header.metadata.get("general.architecture")
    if not (isinstance(architecture, str) and architecture.startswith("qwen")):
        raise WeightsError(
            f"{path} holds a model of the architecture {architecture!r}, not one of the Qwen family.",
            "Give the GGUF file of a Qwen model.",
        )
    # llama.cpp writes the same names without underscores: `qwen3_moe` is `qwen3moe`.
    expected = model_type.removesuffix("_text").replace("_", "")
    if expected and architecture != expected:
        raise WeightsError(
            f"{path} holds a model of the architecture {architecture!r}; the catalogue says {expected!r}.",
            "Put the right file there, or mend the model's row in [catalogue].",
        )
    return header


def _read(path: Path, data: mmap.mmap) -> GgufHeader:
    if data[:4] != _MAGIC:
        raise WeightsError(f"{path} is not a GGUF file.", "Give a file that ends in .gguf, or fetch the model again.")
    reader = _Reader(data)
    try:
        version = reader.number("I")
        if version not in _VERSIONS:
            raise WeightsError(f"{path} has the GGUF version {version}, which can't be read.", _REFETCH)
        tensors, keys = reader.number("Q"), reader.number("Q")
        if tensors > _MOST_ENTRIES or keys > _MOST_ENTRIES:
            raise ValueError
        metadata = {reader.string(): reader.value(reader.number("I")) for _ in range(keys)}
        ends = [reader.tensor() for _ in range(tensors)]
    except (struct.error, ValueError, KeyError, IndexError):
        raise WeightsError(f"The header of {path} is cut short or damaged.", _REFETCH) from None
    alignment = metadata.get("general.alignment", 32)
    if not isinstance(alignment, int) or alignment <= 0:
        raise WeightsError(f"The header of {path} is cut short or damaged.", _REFETCH)
    needed = -(-reader.at // alignment) * alignment + max(ends, default=0)
    if needed > len(data):
        raise WeightsError(f"{path} is cut short: it has {len(data):,} bytes of {needed:,}.", _REFETCH)
    return GgufHeader(version, metadata, tensors)


class _Reader:
    def __init__(self, data: mmap.mmap) -> None:
        self._data = data
        self.at = len(_MAGIC)

    def number(self, form: str) -> Any:
        (value,) = struct.unpack_from("<" + form, self._data, self.at)
        self.at += struct.calcsize("<" + form)
        return value

    def string(self) -> str:
        length: int = self.number("Q")
        return self._take(length).decode("utf-8", "replace")

    def value(self, kind: int) -> Any:
        if kind == _STRING:
            return self.string()
        if kind != _ARRAY:
            return self.number(_NUMBERS[kind])
        of, count = self.number("I"), self.number("Q")
        if count > len(self._data):
            raise ValueError
        if of == _STRING:
            return self._strings(count)
        if of == _ARRAY:
            return [self.value(of) for _ in range(count)]
        form = f"<{count}{_NUMBERS[of]}"
        return struct.unpack(form, self._take(struct.calcsize(form)))

    def _strings(self, count: int) -> list[str]:
        """Read hundreds of thousands of tokens and merges: a call for each would take half of the loading time."""
        data, at, length_at = self._data, self.at, struct.Struct("<Q").unpack_from
        found = []
        for _ in range(count):
            (length,) = length_at(data, at)
            at += 8 + length
            found.append(data[at - length : at].decode("utf-8", "replace"))
        if at > len(data):
            raise ValueError
        self.at = at
        return found

    def tensor(self) -> int:
        """Return where the next tensor's data end, in bytes after the start of all data."""
        self.string()
        shape = [self.number("Q") for _ in range(self.number("I"))]
        kind, offset = self.number("I"), self.number("Q")
        values, size = _BLOCKS.get(kind, (1, 0))
        end: int = offset + math.prod(shape) // values * size
        return end

    def _take(self, length: int) -> bytes:
        if length > len(self._data) - self.at:
            raise ValueError
        self.at += length
        return self._data[self.at - length : self.at]
