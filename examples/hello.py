"""Ask one question and see which model answered it, and why."""

from qwen_router import Router

with Router.from_config() as router:
    answer = router.invoke("Write a Python function that checks whether a string is a palindrome.")
    print(answer.text)

    choice = answer.decision.choices["1"]
    print(f"\n{choice.winner.model} at {choice.winner.precision}, {answer.usage.output_tokens} tokens: {choice.reason}")
