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
    assert seen == ["a1"]
    order.add(chunk("b", "b1"))
    order.finish("c")
    assert seen == ["a1"]
    order.finish("a")
    assert seen == ["a1", "b1"]
    order.add(chunk("b", "b2"))
    order.finish("b")
    assert seen == ["a1", "b1", "b2", "c1"]
