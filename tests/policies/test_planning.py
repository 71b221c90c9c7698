import pytest

from qwen_router import Classification, Request, Settings
from qwen_router_policies.planning import plan


def tell(text):
    task = "code" if "function" in text else "math" if "solve" in text.lower() else "general"
    return Classification(scores={task: 1.0}, task=task, difficulty=0.5)


def steps(text, **router):
    made = plan(Request.of(text), tell, Settings(router=router))
    return [(s.task, s.prompt, s.needs) for s in made.steps] if made else None


def test_numbered_parts_for_different_specialists_become_steps():
    assert steps("1. Solve x + 1 = 2. 2. Write a function.") == [
        ("math", "Solve x + 1 = 2.", ()),
        ("code", "Write a function.", ()),
    ]
    assert steps("(1) Solve it\n(2) Write a function\n(3) Say hello")[2][0] == "general"


def test_a_part_that_speaks_of_a_result_needs_the_one_before():
    assert steps("1) Solve x + 1 = 2.\n2) Write a function that prints that result.")[1][2] == ("1",)


@pytest.mark.parametrize(
    "text",
    [
        "Solve x + 1 = 2",
        "Write a function that does 1. this and 2. that function",
        "Version 1. is old. Version 3. is new. Solve it with a function",
        "In 2. the function, solve it",
        "",
    ],
)
def test_one_task_is_never_split(text):
    assert steps(text) is None


def test_more_parts_than_allowed_stay_whole():
    assert steps("1. Solve a 2. function b 3. Solve c", max_steps=2) is None


def test_attachments_keep_a_request_whole():
    picture = {"type": "image", "base64": "aGk=", "mime_type": "image/png"}
    content = [{"type": "text", "text": "1. Solve a 2. Write a function"}, picture]
    request = Request.of([{"role": "user", "content": content}])
    assert plan(request, tell, Settings()) is None
