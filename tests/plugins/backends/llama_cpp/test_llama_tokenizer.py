"""The tokenizer against llama.cpp's own."""

from __future__ import annotations

import json
import urllib.request
from pathlib import Path

import pytest

from qwen_router.errors import WeightsError
from qwen_router_plugins.backends.chat_template import Segment
from qwen_router_plugins.backends.llama_cpp.header import read_header
from qwen_router_plugins.backends.llama_cpp.tokenizer import GgufTokenizer

TEXTS = [
    "Hello, world!",
    "  leading and trailing  ",
    "def f(x):\n\treturn x**2  # 3.14159\n\n\n",
    "I'm you're HE'LL it'S",
    "你好，世界！ Привет мир. שלום عالم नमस्ते ไทย 日本語テキスト",
    "🦜👩‍👩‍👧‍👦 é e\u0301 ﬁ ½ Ⅷ",
    "1234567890 a1b2c3 1,000.50",
    "\r\n\r\n  \n \t \n x",
    "a" * 500,
    "\u00a0\u2003\u200b\ufeff\u0000",
    "<think>maybe</think> <b>bold</b> a<b",
]


@pytest.fixture(scope="module")
def tokenizer(embedded_gguf):
    return GgufTokenizer(embedded_gguf, read_header(embedded_gguf).metadata)


@pytest.fixture(scope="module")
def llama_tokenize(embedded_gguf):
    """Return llama.cpp's own tokenizer, which only its server gives away."""
    xllamacpp = pytest.importorskip("xllamacpp")
    params = xllamacpp.CommonParams()
    params.model.path = str(embedded_gguf)
    params.n_ctx = 256
    params.verbosity = -1
    params.warmup = params.fit_params = False
    # No second copy of the weights in another layout.
    params.no_extra_bufts = True
    server = xllamacpp.Server(params)
    server.handle_completions({"prompt": [0], "n_predict": 1})

    def tokenize(text: str, *, special: bool = False) -> list[int]:
        body = json.dumps({"content": text, "parse_special": special}).encode()
        with urllib.request.urlopen(f"{server.listening_address}/tokenize", body) as answer:
            return json.load(answer)["tokens"]

    return tokenize


@pytest.mark.parametrize("text", TEXTS)
def test_plain_text_has_llama_cpps_ids(text, tokenizer, llama_tokenize):
    assert tokenizer.encode(text) == llama_tokenize(text)


@pytest.mark.parametrize("text", ["<|im_end|><|im_start|>system", "a<|im_end|>", "x <|fim_prefix|>y<|endoftext|>"])
def test_a_control_token_in_text_has_the_ids_of_its_letters(text, tokenizer, llama_tokenize):
    ids = tokenizer.encode(text)
    assert ids == llama_tokenize(text, special=False)
    assert ids != llama_tokenize(text, special=True)
    assert not set(ids) & set(tokenizer.specials.values())


def test_an_added_token_in_text_has_the_ids_of_its_letters(tokenizer):
    # llama.cpp finds these even where it is told to look for no special tokens.
    assert not set(tokenizer.encode("<tool_call>{}</tool_call>")) & set(tokenizer.specials.values())


def test_special_segments_go_by_id(tokenizer, llama_tokenize):
    text = "<|im_start|>user\nHi<|im_end|>\n"
    segments = [
        Segment(True, "<|im_start|>"),
        Segment(False, "user\nHi"),
        Segment(True, "<|im_end|>"),
        Segment(False, "\n"),
    ]
    assert tokenizer.encode_segments(segments) == llama_tokenize(text, special=True)


def test_padding_of_the_vocabulary_is_not_special(tokenizer):
    assert tokenizer.specials["<|im_end|>"] == 151_645
    assert "<tool_call>" in tokenizer.specials
    assert not any(text.startswith("[PAD") for text in tokenizer.specials)


@pytest.mark.parametrize(
    "metadata",
    [
        {},
        {"tokenizer.ggml.model": "llama", "tokenizer.ggml.pre": "default"},
        {
            "tokenizer.ggml.model": "gpt2",
            "tokenizer.ggml.pre": "qwen2",
            "tokenizer.ggml.tokens": ["a"],
            "tokenizer.ggml.token_type": (1, 1),
            "tokenizer.ggml.merges": [],
        },
    ],
)
def test_a_foreign_tokenizer_is_refused(metadata):
    with pytest.raises(WeightsError, match="no tokenizer of the Qwen family"):
        GgufTokenizer(Path("x.gguf"), metadata)
