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


@pytest.mark.parametrize(
    "text",
    [
        "1. Solve x\n2. Write a function",
        "１．Solve x。２．Write a function",
        "(1) Solve x, and (2) write a function",
        "①Solve x ②Write a function",
        "一、Solve x\n二、Write a function",
        "第一步：Solve x。第二步：Write a function",
        "- Solve x\n- Write a function",
        "• Solve x\n• Write a function",
        "a) Solve x\nb) Write a function",
        "Part 1: Solve x. Part 2: Write a function",
        "Please help me with these two things: 1. Solve x; 2. Write a function",
        "First, solve x. Then write a function.",
        "Solve x and then write a function",
        "Solve x; also, write a function",
        "Primero, solve x. Por último, write a function.",
        "D'abord, solve x. Enfin, write a function.",
        "Zuerst solve x. Danach write a function.",
        "首先solve x，然后write a function",
    ],
)
def test_parts_are_told_apart_in_many_forms(text):
    assert [task for task, _, _ in steps(text)] == ["math", "code"]


@pytest.mark.parametrize(
    "text",
    [
        "Write a program that does the following:\n1. Solve x\n2. Write a function",
        "Rules:\n1. Solve x\n2. Write a function",
        "A solved riddle:\n1. She solves x\n2. The function is hers",
        "Solve this.\n```\n1. Solve x\n2. Write a function\n```",
        'Translate "1. Solve x. 2. Write a function" into French',
        "Solve x. Then she had a function. How many functions had she then?",
        "First, solve x. Then solve y.",
        "1. 2. 3.",
        "- \n- \n",
    ],
)
def test_steps_rules_data_and_quotations_are_no_parts(text):
    assert steps(text) is None


def test_neighbours_for_one_specialist_stay_together_unless_they_are_listed():
    assert steps("First, solve x. Then solve y. Finally, write a function.") == [
        ("math", "solve x. solve y.", ()),
        ("code", "write a function.", ()),
    ]
    assert len(steps("1. Solve x. 2. Solve y. 3. Write a function")) == 3


def test_what_stands_around_a_list_is_kept_for_every_part():
    text = "Given x = 3:\n1. Solve it\n2. Write a function\n\nAnswer in Spanish."
    assert plan(Request.of(text), tell, Settings()).context == "Given x = 3:\n\nAnswer in Spanish."


@pytest.mark.parametrize(
    ("third", "needs"),
    [
        ("Say hello", ()),
        ("Say what that result means", ("2",)),
        ("Explain it", ("2",)),
        ("Explain the function", ("1",)),
        ("Explain that function", ("1",)),
        ("Use the answer to part 1", ("1",)),
        ("Compare the results of parts 1 and 2", ("1", "2")),
        ("Summarise all the results", ("1", "2")),
        ("Explica el resultado", ("2",)),
        ("Explica esa función", ("2",)),
        ("Resume todos los resultados", ("1", "2")),
        ("Explícalo", ("2",)),
        ("解释结果", ("2",)),
        ("解释第一步的结果", ("1",)),
        ("总结以上所有结果", ("1", "2")),
        ("Erkläre dieses Ergebnis", ("2",)),
        ("Explique ce résultat", ("2",)),
        ("Fix this sentence: she go", ()),
        ("Write a program that sorts numbers", ()),
        ("Tell me what happened this year", ()),
    ],
)
def test_a_part_needs_those_it_speaks_of(third, needs):
    assert steps(f"1. Write a function. 2. Solve x. 3. {third}")[2][2] == needs


def test_unsure_parts_are_split_only_in_a_list_with_two_sure_ones():
    def unsure(text):
        made = tell(text)
        return made.model_copy(update={"confidence": 0.4 if made.task == "general" else 0.8})

    listed = "1. Solve x. 2. Write a function. 3. Say hello"
    joined = "First, solve x. Then write a function. Finally, say hello."
    assert len(plan(Request.of(listed), unsure, Settings()).steps) == 3
    assert plan(Request.of(joined), unsure, Settings()) is None
    assert plan(Request.of("1. Solve x. 2. Say hello"), unsure, Settings()) is None


@pytest.mark.parametrize(
    "text", ["hello", "Solve x + 1 = 2.", "It sorts.", "word " * 9999, "\n" * 65_000, "“" * 65_000]
)
def test_nothing_is_classified_without_a_sign_of_several_parts(text):
    def never(text):
        raise AssertionError("It was classified.")

    assert plan(Request.of(text), never, Settings()) is None


def asked(text, *kinds):
    types = {"image": "image/png", "audio": "audio/wav"}
    blocks = [{"type": kind, "base64": "aGk=", "mime_type": types[kind]} for kind in kinds]
    return Request.of([{"role": "user", "content": [{"type": "text", "text": text}, *blocks]}])


def test_each_attachment_goes_to_the_part_that_names_it():
    text = "1. What does the sign in the image say? 2. Write a function. 3. Transcribe the recording"
    made = plan(asked(text, "image", "audio"), tell, Settings())
    assert [s.task for s in made.steps] == ["vision", "code", "audio"]
    assert plan(asked("1. Solve x. 2. Describe the picture", "image", "audio"), tell, Settings()) is None
    assert plan(asked("First, solve x. Then describe the picture.", "image"), tell, Settings()) is None
    assert plan(asked("1. Solve x. 2. Compare the image with the audio", "image", "audio"), tell, Settings()) is None
