"""The classifier, through its public door."""

from __future__ import annotations

import math
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest
from langchain_core.messages import AIMessage, HumanMessage, SystemMessage

from qwen_router.classify import Classifier
from qwen_router.request import Request
from qwen_router.types import Classification

PNG = {"type": "image", "base64": "AAAA", "mime_type": "image/png"}

PLAIN = [
    ("Write a Python function that merges two sorted lists.", "code"),
    ("Solve for x: 3x + 7 = 22", "math"),
    ("What is the integral of \\frac{1}{x} from 1 to e?", "math"),
    ("A farmer has 12 cows and buys 7 more. How many cows does he have now?", "math"),
    ("Who was the first president of the United States?", "general"),
    ("Écris une fonction JavaScript qui inverse une chaîne de caractères.", "code"),
    ("Ein Zug fährt 60 km in 45 Minuten. Wie viele Kilometer fährt er in 3 Stunden?", "math"),
    ("write code that plots sales by month from a csv file", "code"),
]

STRANGE = [
    "", " \n\t ", "🙂", "a" * 1_000_000, "\x00\xff\x01\x80" * 50, "https://example.org/a?b=c",
    "שלום, מה שלומך היום?", "你好 hello привет مرحبا สวัสดี", "\ud800 broken \udfff", "0" * 5000, "ﷺ" * 2000,
    "?" * 300, "\u0300" * 400, "((((" * 1000, "_" * 3000, "a_" * 2000, "$" * 2000, "ا" * 5000,
]  # fmt: skip


def valid(found: Classification) -> bool:
    """Tell whether every number is one, and in its range."""
    numbers = [*found.scores.values(), found.difficulty, found.confidence, found.attack]
    return (
        all(math.isfinite(number) and 0 <= number <= 1 for number in numbers)
        and math.isclose(sum(found.scores.values()), 1, abs_tol=1e-6)
        and all(math.isfinite(reason.weight) for reason in found.reasons)
    )


@pytest.mark.parametrize(("text", "task"), PLAIN)
def test_plain_requests(classifier: Classifier, text: str, task: str) -> None:
    found = classifier.classify_text(text)
    assert found.task == task
    assert valid(found)
    assert found.reasons


@pytest.mark.parametrize("text", STRANGE, ids=range(len(STRANGE)))
def test_strange_input_gives_an_answer(classifier: Classifier, text: str) -> None:
    for image, audio in ((False, False), (True, False), (True, True)):
        found = classifier.classify_text(text, has_image=image, has_audio=audio)
        assert valid(found)
        assert found.task in found.scores


def test_attachments_decide_first_and_words_second(classifier: Classifier) -> None:
    found = classifier.classify_text("Solve the equation 3x + 5 = 20 for x.", has_image=True)
    assert (found.task, found.runner_up) == ("vision", "math")
    assert found.modalities == ("image", "text")
    assert classifier.classify_text("", has_audio=True).modalities == ("audio",)
    assert classifier.classify_text("Please transcribe this recording.", has_audio=True).task == "audio"


def test_unsure_is_general() -> None:
    found = Classifier(stages=1, min_confidence=1.0).classify_text("Solve 2x = 4")
    assert found.task == "general"
    assert any("unsure" in reason.signal for reason in found.reasons)


def test_a_follow_up_stays_with_the_specialist(classifier: Classifier) -> None:
    for text in ("now in Rust", "why?", "commit it", "continue"):
        messages = (
            HumanMessage("Write a Python function that reverses a list."),
            AIMessage("def f(x): return x[::-1]", response_metadata={"task": "code"}),
            HumanMessage(text),
        )
        assert classifier.classify(Request(messages=messages)).task == "code", text


def test_a_confident_change_of_subject_leaves_the_specialist(classifier: Classifier) -> None:
    messages = (
        SystemMessage("Be brief."),
        HumanMessage("Write a Python function that reverses a list."),
        AIMessage("def f(x): return x[::-1]"),
        HumanMessage("Tom has 12 apples and gives a third of them to Ann. How many apples does he have left now?"),
    )
    assert classifier.classify(Request(messages=messages)).task == "math"


def test_content_blocks_are_read(classifier: Classifier) -> None:
    message = HumanMessage([{"type": "text", "text": "What is written here?"}, PNG])
    found = classifier.classify(Request(messages=(message,)))
    assert found.task == "vision"


def test_small_changes_do_not_flip_the_task(classifier: Classifier) -> None:
    for text, task in PLAIN[:5]:
        for variant in (text.upper(), text.lower(), f"Hello! {text} Thank you very much.", text.replace("e", "", 1)):
            assert classifier.classify_text(variant).task == task, variant


def test_a_new_task_is_learned_from_examples() -> None:
    examples = [
        "Can my landlord evict me without notice?", "Is this contract clause enforceable?",
        "What are the elements of negligence in tort law?", "How do I appeal a court ruling?",
        "Explain the statute of limitations for fraud.", "Does the defendant have a right to counsel?",
        "Draft a non-disclosure agreement under English law.", "What does the Fourth Amendment protect?",
        "Who is liable if a dog bites a visitor?", "Can an employer change my contract without consent?",
        "What is the burden of proof in a criminal trial?", "Is a verbal agreement legally binding?",
    ]  # fmt: skip
    classifier = Classifier({"law": examples}, stages=1)
    assert classifier.classify_text("Can the court void a contract signed under duress?").task == "law"
    assert [classifier.classify_text(text).task for text, _ in PLAIN] == [task for _, task in PLAIN]


def test_many_rows_come_back_in_order(classifier: Classifier) -> None:
    found = list(classifier.classify_many(["Solve 2x = 4", {"text": "What is this?", "has_image": True}]))
    assert [each.task for each in found] == ["math", "vision"]


def test_threads_share_one_classifier(classifier: Classifier) -> None:
    texts = [text for text, _ in PLAIN] * 20
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda text: classifier.classify_text(text).task, texts))
    assert found == [task for _, task in PLAIN] * 20


def test_importing_reads_nothing() -> None:
    code = "import sys, qwen_router.classify as c; assert 'numpy' not in sys.modules; c.Classifier"
    subprocess.run([sys.executable, "-c", code], check=True)
