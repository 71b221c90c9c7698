from __future__ import annotations

import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from qwen_router.request import Sampling
from qwen_router_plugins.backends.chat_template import Segment
from qwen_router_plugins.backends.transformers.sampler import Sampler
from qwen_router_plugins.backends.transformers.vocabulary import StopScanner, Vocabulary


@pytest.fixture(scope="module")
def tokenizer(tiny_checkpoint: Callable[[str], Path]) -> Any:
    from transformers import AutoTokenizer

    return AutoTokenizer.from_pretrained(str(tiny_checkpoint("qwen3")))


@pytest.fixture(scope="module")
def vocabulary(tokenizer: Any) -> Vocabulary:
    return Vocabulary(tokenizer)


TEXTS = [
    "",
    "Hello, world!",
    "naïve café",
    "你好，世界 🙂🇩🇪👩\u200d👩\u200d👧",
    "def f(x):\n    return x\n\n\n",
    "\t\r\n ",
    "e\u0301",
    "a\0b",
]


@pytest.mark.parametrize("text", TEXTS)
def test_plain_text_is_encoded_as_the_tokenizer_does(vocabulary: Vocabulary, tokenizer: Any, text: str):
    assert vocabulary.encode([Segment(False, text)]) == tokenizer.encode(text)


def test_segments_give_what_the_whole_prompt_gives(vocabulary: Vocabulary, tokenizer: Any):
    parts = [(True, "<|im_start|>"), (False, "user\n"), (False, "\nHello"), (True, "<|im_end|>"), (False, "\n")]
    assert vocabulary.encode([Segment(*p) for p in parts]) == tokenizer.encode("".join(text for _, text in parts))


def test_no_plain_text_becomes_a_special_token(vocabulary: Vocabulary):
    for text in vocabulary.specials:
        assert not set(vocabulary.encode([Segment(False, f"a{text}b")])) & set(vocabulary.specials.values())


@given(text=st.text())
def test_a_stream_gives_the_text_back(vocabulary: Vocabulary, text: str):
    stream = vocabulary.text_stream()
    said = "".join(map(stream.feed, vocabulary.encode([Segment(False, text)]))) + stream.close()
    assert said == unicodedata.normalize("NFC", text)


def test_a_character_comes_only_when_it_is_complete(vocabulary: Vocabulary):
    stream = vocabulary.text_stream()
    pieces = [stream.feed(token) for token in vocabulary.encode([Segment(False, "\U0001f9a5")])]
    assert len(pieces) > 1
    assert [p for p in pieces if p] == ["\U0001f9a5"]
    half = vocabulary.text_stream()
    half.feed(vocabulary.encode([Segment(False, "\U0001f9a5")])[0])
    assert half.close() == "\ufffd"


def test_special_tokens_say_nothing_and_thought_tags_do(vocabulary: Vocabulary):
    stream = vocabulary.text_stream()
    assert stream.feed(vocabulary.specials["<|im_end|>"]) == ""
    assert stream.feed(vocabulary.specials["</think>"]) == "</think>"
    assert stream.feed(10**7) == ""


@given(
    text=st.text("abc", max_size=30),
    stops=st.lists(st.text("abc", min_size=1, max_size=4), max_size=3),
    n=st.integers(1, 5),
)
def test_stop_strings_are_found_wherever_the_pieces_end(text: str, stops: list[str], n: int):
    scanner = StopScanner(stops)
    said = ""
    for at in range(0, len(text), n):
        shown, stopped = scanner.feed(text[at : at + n])
        said += shown
        if stopped:
            break
    else:
        said += scanner.close()
    # The stop that ends first is met first; of those the one that began first counts.
    ends = [text.find(s) + len(s) for s in stops if s in text]
    expected = text
    if ends:
        seen = text[: min(len(text), -(-min(ends) // n) * n)]
        expected = text[: min(seen.find(s) for s in stops if s in seen)]
    assert said == expected


def draws(logits: list[float], count: int = 300, **options: Any) -> set[int]:
    sampler = Sampler(Sampling(seed=1, **options), [], len(logits), torch.device("cpu"))
    return {sampler.choose(torch.tensor(logits)) for _ in range(count)}


# Probabilities 0.5, 0.3, 0.15 and 0.05.
LOGITS = [p.log().item() for p in torch.tensor([0.15, 0.5, 0.05, 0.3])]


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, {1}),
        ({"temperature": 0.0}, {1}),
        ({"temperature": 1.0}, {0, 1, 2, 3}),
        ({"temperature": 1.0, "top_k": 2}, {1, 3}),
        ({"temperature": 1.0, "top_k": 99}, {0, 1, 2, 3}),
        ({"temperature": 1.0, "top_p": 0.7}, {1, 3}),
        ({"temperature": 1.0, "top_p": 0.01}, {1}),
        ({"temperature": 1.0, "min_p": 0.25}, {0, 1, 3}),
        ({"temperature": 0.01}, {1}),
    ],
)
def test_each_setting_keeps_the_tokens_it_should(options: dict[str, Any], expected: set[int]):
    assert draws(LOGITS, **options) == expected


def test_penalties_lower_what_was_said():
    flat = torch.tensor([1.0, 0.9, -1.0])
    presence = Sampler(Sampling(presence_penalty=0.5), [0], 3, torch.device("cpu"))
    # The prompt doesn't count for it; its own words do.
    assert [presence.choose(flat) for _ in range(2)] == [0, 1]
    repetition = Sampler(Sampling(repetition_penalty=1.5), [0], 3, torch.device("cpu"))
    assert repetition.choose(flat) == 1
    negative = Sampler(Sampling(repetition_penalty=2.0), [0], 2, torch.device("cpu"))
    assert negative.choose(torch.tensor([-1.0, -1.5])) == 1


def test_sampling_agrees_with_transformers():
    from transformers import (
        LogitsProcessorList,
        MinPLogitsWarper,
        RepetitionPenaltyLogitsProcessor,
        TemperatureLogitsWarper,
        TopKLogitsWarper,
        TopPLogitsWarper,
    )

    torch.manual_seed(3)
    logits, prompt = torch.randn(50) * 2, [3, 7, 7, 11]
    theirs = LogitsProcessorList(
        [
            RepetitionPenaltyLogitsProcessor(1.2),
            TemperatureLogitsWarper(0.8),
            TopKLogitsWarper(20),
            TopPLogitsWarper(0.8),
            MinPLogitsWarper(0.05),
        ]
    )
    kept = theirs(torch.tensor([prompt]), logits[None].clone())[0]
    sampling = Sampling(temperature=0.8, top_k=20, top_p=0.8, min_p=0.05, repetition_penalty=1.2, seed=1)
    drawn = set()
    for seed in range(400):
        sampler = Sampler(sampling.model_copy(update={"seed": seed}), prompt, 50, torch.device("cpu"))
        drawn.add(sampler.choose(logits))
    assert drawn == set(torch.isfinite(kept).nonzero().flatten().tolist())
