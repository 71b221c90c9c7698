from qwen_router import Chunk, Plan, Step
from qwen_router.ordering import StepOrder


def chunk(step, text):
    return Chunk(kind="text", text=text, step=step)


def test_later_steps_wait_for_the_first_and_follow_in_order():
    seen = []
    order = StepOrder(lambda c: seen.append(c.text))
    order.start(Plan(steps=tuple(Step(id=i, task="math", prompt="x") for i in "abc")))
    order.add(chunk("c", "c1"))
    order.add(chunk("a", "a1"))
    assert seen == ["### a. x\n\n", "a1"]
    order.add(chunk("b", "b1"))
    order.finish("c")
    assert seen[1:] == ["a1"]
    order.finish("a")
    assert seen[1:] == ["a1", "\n\n### b. x\n\n", "b1"]
    order.add(chunk("b", "b2"))
    order.finish("b")
    assert seen[4:] == ["b2", "\n\n### c. x\n\n", "c1"]
