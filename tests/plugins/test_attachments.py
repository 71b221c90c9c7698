import base64
import io
import wave

import pytest

from qwen_router import Classification, MediaError, Request, Settings
from qwen_router_plugins.guards.attachments import check_request, classify


def png():
    from PIL import Image

    out = io.BytesIO()
    Image.new("RGB", (8, 8)).save(out, "PNG")
    return {"type": "image", "base64": base64.b64encode(out.getvalue()).decode(), "mime_type": "image/png"}


def wav():
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(b"\0\0" * 800)
    return {"type": "audio", "base64": base64.b64encode(out.getvalue()).decode(), "mime_type": "audio/wav"}


def request(*blocks):
    return Request.of([{"role": "user", "content": [{"type": "text", "text": "?"}, *blocks]}])


def test_what_can_be_read_passes():
    assert check_request(request(png(), wav()), Settings()) is None
    assert check_request(request(), Settings()) is None


def test_too_many_are_denied():
    denied = check_request(request(png(), png(), wav()), Settings(limits={"max_attachments": 2}))
    assert (denied.action, denied.kind) == ("deny", "attachments")
    assert denied.why == "The request has 3 attachments; 2 are allowed."


@pytest.mark.parametrize("block", [{**png(), "base64": "aGk="}, {**wav(), "base64": "aGk="}])
def test_what_can_not_be_read_is_the_callers_mistake(block):
    with pytest.raises(MediaError):
        check_request(request(block), Settings())


def test_too_many_pixels_are_refused_by_the_header():
    with pytest.raises(MediaError, match="8 x 8 pixels"):
        check_request(request(png()), Settings(limits={"max_image_pixels": 63}))


def test_a_sound_that_is_too_long_is_refused_by_the_header():
    allowed = Settings(limits={"max_audio_seconds": 0.1})
    assert check_request(request(wav()), allowed) is None
    with pytest.raises(MediaError, match=r"lasts 0.10 s; 0\.09 s are allowed"):
        check_request(request(wav()), Settings(limits={"max_audio_seconds": 0.09}))


@pytest.mark.parametrize(
    ("block", "said"),
    [
        ({"type": "video", "url": "a.mp4"}, "A video is attached; videos are not read"),
        ({"type": "video_url", "video_url": {"url": "a.mp4"}}, "A video is attached"),
        ({"type": "file", "url": "a.pdf", "mime_type": "application/pdf"}, "A block of type file"),
        ({"type": "image_url", "image_url": "a.png"}, "A block of type image_url"),
    ],
)
def test_what_would_be_overlooked_is_refused(block, said):
    with pytest.raises(MediaError, match=said):
        check_request(request(block), Settings())


def test_bytes_are_taken_as_they_are():
    raw = {"type": "image", "bytes": base64.b64decode(png()["base64"])}
    made = request(raw)
    assert made.messages[0].content[1] == {"type": "image", "mime_type": "image/*", "base64": png()["base64"]}
    assert check_request(made, Settings()) is None
    assert made.model_dump_json()


def test_sizes_are_added_to_the_classification(classification):
    found = classify(request(wav(), png()), classification, Settings())
    assert [(a.kind, a.width, a.height, a.seconds) for a in found.media] == [
        ("image", 8, 8, 0.0),
        ("audio", 0, 0, 0.1),
    ]
    assert classify(request(), classification, Settings()) is None
    assert classify(request({"type": "image", "url": "/no/such.png"}), classification, Settings()) is None


@pytest.fixture
def classification():
    return Classification(scores={"vision": 1.0}, task="vision", difficulty=0.1)
