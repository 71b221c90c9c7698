"""What the decision says of images and sounds."""

from __future__ import annotations

import base64
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from conftest import make_router
from PIL import Image

from qwen_router import Hints, MediaError, NoModelFits
from qwen_router.cli.show import candidates_view, classification_table
from qwen_router.testing import FakeBackend, Reply

VL, VL3, AUDIO = "Qwen/Qwen2.5-VL-3B-Instruct", "Qwen/Qwen3-VL-2B-Instruct", "Qwen/Qwen2-Audio-7B-Instruct"


def picture(width: int = 640, height: int = 480, form: str = "PNG", **options: Any) -> dict[str, str]:
    buffer = BytesIO()
    Image.new("L", (width, height)).save(buffer, form, **options)
    return {"type": "image", "base64": base64.b64encode(buffer.getvalue()).decode()}


def sound(seconds: float) -> dict[str, str]:
    buffer = BytesIO()
    soundfile.write(buffer, np.zeros(round(8_000 * seconds), np.float32), 8_000, format="FLAC")
    return {"type": "audio", "base64": base64.b64encode(buffer.getvalue()).decode()}


def asked(*blocks: dict[str, str]) -> list[dict[str, Any]]:
    return [{"role": "user", "content": [*blocks, {"type": "text", "text": "What is it?"}]}]


@pytest.fixture
def backend() -> FakeBackend:
    return FakeBackend([VL, VL3, AUDIO])


def test_the_decision_says_what_the_model_sees_and_what_it_takes(backend: FakeBackend, tmp_path: Path):
    with make_router(backend, tmp_path) as router:
        for model, seen, tokens in ((VL, (644, 476), 391), (VL3, (640, 480), 300)):
            decision = router.explain(asked(picture(), picture(4000, 3000)), hints=Hints(model=model))
            assert decision.classification is not None
            assert [(a.width, a.height) for a in decision.classification.media] == [(640, 480), (4000, 3000)]
            choice = decision.choices["1"]
            small, large = choice.media
            assert (small.seen_width, small.seen_height) == seen
            assert small.tokens == tokens
            assert choice.winner.media_tokens == small.tokens + large.tokens
            assert f'"tokens":{small.tokens}' in decision.model_dump_json()


def test_an_answer_keeps_the_costs_of_each_attempt(backend: FakeBackend, tmp_path: Path):
    backend.replies.append(Reply("It is black."))
    with make_router(backend, tmp_path) as router:
        answer = router.invoke(asked(sound(2)), hints=Hints(task="audio"))
    (attempt,) = answer.decision.attempts
    assert [(m.kind, m.seconds, m.tokens) for m in attempt.choice.media] == [("audio", 2.0, 50)]


def test_a_local_model_is_loaded_with_room_for_its_images(tmp_path: Path):
    from qwen_router.backend import MemoryEstimate, Offer

    class Local(FakeBackend):
        def offers(self, model: Any, settings: Any, resources: Any) -> Any:
            return [Offer(precision="bf16", format="safetensors")] if model.id in self.models else []

        def memory(self, model: Any, offer: Any, context: int, settings: Any) -> MemoryEstimate:
            return MemoryEstimate(weights=1, kv_cache=context)

    with make_router(Local([VL]), tmp_path) as router:
        services = router._services
        from qwen_router import Request
        from qwen_router.candidates import list_candidates
        from qwen_router.deciding import classify

        def context(*blocks: dict[str, str]) -> int:
            request = Request.of(asked(*blocks))
            specialist = services.registry.specialist("vision")
            (found,) = list_candidates(services, specialist, request, classify(services, request))
            assert found.memory is not None
            assert found.memory.kv_cache == found.context
            return found.context

        assert context(picture()) == 8192
        assert context(picture(4000, 3000)) == 32_768


def test_ten_images_for_a_model_that_takes_four(backend: FakeBackend, tmp_path: Path):
    options: dict[str, Any] = {"catalogue": {VL: {"max_images": 4}}, "limits": {"max_attachments": 16}}
    with make_router(backend, tmp_path, **options) as router:
        ten = asked(*[picture(64, 64)] * 10)
        with pytest.raises(MediaError, match=r"VL-3B-Instruct takes 4 images; the request has 10\. Send fewer"):
            router.explain(ten, hints=Hints(model=VL))
        choice = router.explain(ten).choices["1"]
        assert choice.winner.model == VL3
        assert [c.rejected for c in choice.candidates if c.model == VL] == ["It takes 4 images; the request has 10."]
    with make_router(backend, tmp_path) as router:
        assert router.invoke(ten).text.startswith("The request has 10 attachments; 8 are allowed.")


def test_a_sound_that_is_too_long_for_every_model_is_refused(tmp_path: Path):
    said = r"Qwen2-Audio-7B-Instruct hears 30 s of a sound; one here lasts 31\.0 s"
    with make_router(FakeBackend([AUDIO]), tmp_path) as router, pytest.raises(MediaError, match=said):
        router.explain(asked(sound(31)), hints=Hints(model=AUDIO))


def test_images_that_no_context_holds_are_refused(tmp_path: Path):
    said = "too short for a prompt of about"
    with make_router(FakeBackend([VL]), tmp_path) as router, pytest.raises(NoModelFits, match=said):
        router.explain(asked(*[picture(4000, 3000)] * 3), hints=Hints(model=VL))


def test_the_answer_says_that_one_frame_of_an_animation_was_looked_at(backend: FakeBackend, tmp_path: Path):
    backend.replies.append(Reply("A red square."))
    moving = picture(8, 8, "GIF", save_all=True, append_images=[Image.new("L", (8, 8), 255)])
    with make_router(backend, tmp_path) as router:
        answer = router.invoke(asked(moving))
    assert answer.warnings[0] == "The inline image has several frames; only the first is looked at."


def test_a_person_sees_the_costs_too(backend: FakeBackend, tmp_path: Path):
    from rich.console import Console

    with make_router(backend, tmp_path) as router:
        decision = router.explain(asked(picture()), hints=Hints(model=VL))
    console = Console(width=200)
    with console.capture() as shown:
        console.print(classification_table(decision.classification), candidates_view(decision.choices["1"], width=200))
    assert "image of 640 x 480 pixels, seen as 644 x 476: 391 tokens" in shown.get()
