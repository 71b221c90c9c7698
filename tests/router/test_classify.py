import pytest

from qwen_router.classify import Classifier
from qwen_router.request import Request
from qwen_router_plugins.specialists import specialists

TASKS = {s.task: s.examples for s in specialists()}
PICTURE = {"type": "image", "base64": "aGk=", "mime_type": "image/png"}


@pytest.fixture(scope="module")
def classifier():
    return Classifier(TASKS)


@pytest.mark.parametrize(
    ("text", "task"),
    [
        ("Find the derivative of f(x) = x^3 + 2x^2 - 5x + 3", "math"),
        ("Solve the equation 2x + 6 = 20 for x", "math"),
        ("Write a Python function that checks whether a string is a palindrome", "code"),
        ("```js\nlet x\n``` what is wrong here?", "code"),
        ("Tell me a short story about a dragon", "general"),
    ],
)
def test_the_task_is_told(classifier, text, task):
    made = classifier.classify_text(text)
    assert made.task == task
    assert sum(made.scores.values()) == pytest.approx(1)
    assert made.reasons


def test_attachments_decide_the_modality(classifier):
    request = Request.of([{"role": "user", "content": [{"type": "text", "text": "What is 2 + 2?"}, PICTURE]}])
    assert classifier.classify(request).task == "vision"
    assert classifier.classify_text("What is in this picture?").task != "vision"


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("What is the capital of France?", "en"),
        ("¿Cuál es la capital de Francia y qué hay en ella?", "es"),
        ("Was ist die Hauptstadt von Frankreich und wie groß ist sie?", "de"),
        ("法国的首都是哪里？", "zh"),
        ("フランスの首都はどこですか", "ja"),
        ("프랑스의 수도는 어디입니까", "ko"),
        ("Какая столица Франции?", "ru"),
        ("ما هي عاصمة فرنسا؟", "ar"),
    ],
)
def test_the_language_is_told(classifier, text, language):
    assert classifier.classify_text(text).language == language


@pytest.mark.parametrize("text", ["", "🙂", "x" * 1_000_000, "\ud800", "https://example.org/a?b=c", "שלום عليكم 你好"])
def test_any_text_gets_an_answer(classifier, text):
    made = classifier.classify_text(text)
    assert made.task in TASKS
    assert 0 <= made.difficulty <= 1


def test_below_the_confidence_it_is_general():
    assert Classifier(TASKS, min_confidence=1.0).classify_text("Solve 2x = 4").task == "general"
