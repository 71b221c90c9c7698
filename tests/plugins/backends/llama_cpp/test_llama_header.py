"""GGUF files, whole and broken."""

from __future__ import annotations

import struct

import pytest

from qwen_router.errors import WeightsError
from qwen_router_plugins.backends.llama_cpp.header import read_header


def string(text: str) -> bytes:
    return struct.pack("<Q", len(text)) + text.encode()


def gguf(architecture="qwen2", *, version=3, tensors=1, data=16, kind=0, extra=b"", keys=1) -> bytes:
    """Return a GGUF file with one tensor of four floats and `data` bytes for them."""
    head = b"GGUF" + struct.pack("<IQQ", version, tensors, keys)
    head += string("general.architecture") + struct.pack("<I", 8) + string(architecture) + extra
    head += string("weight") + struct.pack("<IQQIQ", 2, 2, 2, kind, 0)
    return head + b"\0" * (-len(head) % 32) + b"\0" * data


@pytest.fixture
def file(tmp_path):
    def write(content: bytes):
        path = tmp_path / "model.gguf"
        path.write_bytes(content)
        return path

    return write


def test_a_whole_file_is_read(file):
    numbers = string("a") + struct.pack("<IIQ3H", 9, 2, 3, 1, 2, 3)
    texts = string("b") + struct.pack("<IIQ", 9, 8, 2) + string("x") + string("")
    nested = string("c") + struct.pack("<IIQ", 9, 9, 1) + struct.pack("<IQ?", 7, 1, True)
    header = read_header(file(gguf(extra=numbers + texts + nested, keys=4)))
    assert header.version == 3
    assert header.tensors == 1
    assert header.metadata == {"general.architecture": "qwen2", "a": (1, 2, 3), "b": ["x", ""], "c": [(True,)]}


def test_the_official_file_is_whole(embedded_gguf):
    header = read_header(embedded_gguf)
    assert header.tensors == 291
    assert header.metadata["qwen2.block_count"] == 24
    assert len(header.metadata["tokenizer.ggml.merges"]) == 151_387


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "empty or damaged"),
        (b"PK\x03\x04 not a model", "is not a GGUF file"),
        (b"GGUF", "cut short or damaged"),
        (gguf(version=1), "GGUF version 1"),
        (gguf("llama"), "architecture 'llama', not one of the Qwen family"),
        (gguf(tensors=1 << 40), "cut short or damaged"),
        (gguf(tensors=2), "is cut short"),
        (gguf(keys=2), "cut short or damaged"),
        (gguf(data=15), "is cut short: it has 143 bytes of 144"),
        (gguf(extra=string("a") + struct.pack("<I", 99), keys=2), "cut short or damaged"),
        (gguf(extra=string("a") + struct.pack("<IIQ", 9, 8, 1 << 60), keys=2), "cut short or damaged"),
        (gguf(extra=string("a") + struct.pack("<IIQ", 9, 8, 900), keys=2), "cut short or damaged"),
        (gguf(extra=string("a") + struct.pack("<IQ", 8, 1 << 62), keys=2), "cut short or damaged"),
        (gguf(extra=string("general.alignment") + struct.pack("<II", 4, 0), keys=2), "cut short or damaged"),
    ],
)
def test_a_broken_file_says_what_is_wrong(content, message, file):
    with pytest.raises(WeightsError, match=message) as raised:
        read_header(file(content))
    assert raised.value.fix
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("architecture", "model_type"), [("qwen2", "qwen2"), ("qwen3moe", "qwen3_moe"), ("qwen35moe", "qwen3_5_moe_text")]
)
def test_the_architecture_that_the_catalogue_says_is_taken(architecture, model_type, file):
    assert read_header(file(gguf(architecture)), model_type).tensors == 1


def test_another_architecture_than_the_catalogue_says_is_refused(file):
    with pytest.raises(WeightsError, match=r"architecture 'qwen3'; the catalogue says 'qwen2'\. Put the right file"):
        read_header(file(gguf("qwen3")), "qwen2")


@pytest.mark.parametrize("share", [0.001, 0.01, 0.5, 0.999])
def test_a_truncated_official_file_is_refused(share, embedded_gguf, tmp_path):
    size = int(embedded_gguf.stat().st_size * share)
    path = tmp_path / "cut.gguf"
    with embedded_gguf.open("rb") as source:
        path.write_bytes(source.read(min(size, 20_000_000)))
    if size > 20_000_000:
        # A hole takes no room on the disk.
        with path.open("r+b") as target:
            target.truncate(size)
    with pytest.raises(WeightsError, match=r"cut short"):
        read_header(path)


def test_a_missing_file_and_a_directory_are_weights_errors(tmp_path):
    with pytest.raises(WeightsError, match=r"There is no model file .*none\.gguf"):
        read_header(tmp_path / "none.gguf")
    with pytest.raises(WeightsError, match="Can't read the model file"):
        read_header(tmp_path)
