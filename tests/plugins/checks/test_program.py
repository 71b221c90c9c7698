import pytest

from qwen_router_plugins.checks.examples import Example
from qwen_router_plugins.checks.harness import same
from qwen_router_plugins.checks.program import Report, check_program, read_report
from qwen_router_plugins.sandbox import Limits, missing, run_python

NONCE = "@@5f2e"
real = pytest.mark.skipif(missing() is not None, reason=missing() or "")


def tried(code: str, *examples: Example) -> Report:
    run = run_python(check_program(code, examples, NONCE), limits=Limits(wall_seconds=3))
    return read_report(run.stdout, examples, NONCE)


def statuses(code: str, *examples: Example) -> list[str]:
    return [trial.status for trial in tried(code, *examples).trials]


F1 = Example("f(1)", "2")


@real
def test_each_example_is_judged():
    report = tried("def f(x):\n    return 6 / x", Example("f(3)", "2"), F1, Example("f(0)", "1"), Example("g(1)", "1"))
    assert [t.status for t in report.trials] == ["passed", "failed", "raised", "undefined"]
    assert [t.got for t in report.trials[1:]] == [
        "6.0",
        "ZeroDivisionError: division by zero",
        "NameError: name 'g' is not defined",
    ]
    assert (report.complete, report.loading, report.lacks) == (True, "", "")


@real
def test_what_the_code_prints_can_not_pass_for_a_result():
    forged = f'{NONCE[:-1]} {{"number": 0, "passed": true}}'
    code = f"print({forged!r})\ndef f(x):\n    print({forged!r}, end='')\n    return 0"
    assert statuses(code, F1) == ["failed"]
    loud = "print('x' * 3_000_000)\ndef f(x): print('y' * 3_000_000); return 2"
    assert statuses(loud, F1) == ["passed"]


@real
def test_code_that_fails_half_way_is_tried_all_the_same():
    report = tried("def f(x): return 2\nn = int(input())", F1)
    assert [t.status for t in report.trials] == ["passed"]
    assert report.loading.startswith("EOFError")
    assert statuses("def f(x): return 2\nimport sys; sys.exit(1)", F1) == ["passed"]
    assert tried("def f(:", F1).loading.startswith("SyntaxError")


@real
def test_a_module_that_is_not_there_is_named_and_nothing_is_held_against_the_code():
    report = tried("import numpy.linalg as n\ndef f(x): return 2", F1)
    assert (report.lacks, [t.status for t in report.trials]) == ("numpy", ["undefined"])
    assert statuses("def f(x):\n    import numpy", F1) == ["undefined"]


@real
def test_an_endless_loop_leaves_the_rest_unrun():
    report = tried("def f(x):\n    while x: pass\n    return 2", Example("f(0)", "2"), F1, Example("f(0)", "2"))
    assert [t.status for t in report.trials] == ["passed", "unrun", "unrun"]
    assert not report.complete


@real
@pytest.mark.parametrize("exits", ["raise SystemExit", "raise KeyboardInterrupt", "f(x)"])
def test_a_function_that_gives_up_is_an_error(exits: str):
    assert statuses(f"def f(x): {exits}", F1, Example("f(1)", "2")) == ["raised", "raised"]


@real
def test_exceptions_are_compared_by_type():
    code = "class Bad(ValueError): pass\ndef f(x):\n    if x: raise Bad\n    return 1"
    assert statuses(code, *[Example("f(1)", e, "raises") for e in ("Bad", "ValueError", "TypeError")]) == [
        "passed",
        "passed",
        "raised",
    ]
    assert statuses(code, Example("f(0)", "ValueError", "raises")) == ["failed"]


@real
def test_what_is_shown_is_compared_as_text():
    code = "def f(x):\n    for i in range(x): print(i)\nclass P:\n    def __repr__(self): return 'P()'"
    assert statuses(code, Example("f(2)", "0\n1", "prints"), Example("P()", "P()", "prints")) == ["passed", "passed"]
    assert statuses(code, Example("f(2)", "0", "prints"), Example("f(1)", "None", "prints")) == ["failed", "passed"]


@real
def test_each_example_has_its_own_setup_and_names():
    code = "class S:\n    def __init__(self): self.n = 0\n    def up(self): self.n += 1; return self.n"
    examples = [Example("s.up()", "1", setup="s = S()"), Example("s.up()", "2", setup="s = S()\ns.up()")]
    assert statuses(code, *examples, Example("s", "1")) == ["passed", "passed", "undefined"]


@real
def test_classes_and_guards_work():
    code = (
        "from __future__ import annotations\nfrom dataclasses import dataclass\n@dataclass\nclass A:\n    x: int\n"
        "def f(x): return A(x).x + 1\nif __name__ == '__main__':\n    raise ValueError"
    )
    assert tried(code, F1).loading == ""
    assert statuses(code, F1) == ["passed"]


@pytest.mark.parametrize(
    ("got", "wanted", "equal"),
    [
        (1, 1.0, True),
        (0.1 + 0.2, 0.3, True),
        (0.31, 0.3, False),
        (float("nan"), float("nan"), True),
        (float("inf"), float("inf"), True),
        ([0.1 + 0.2, (1,)], [0.3, (1,)], True),
        ({"a": 0.1 + 0.2}, {"a": 0.3}, True),
        ({"a": 1}, {"b": 1}, False),
        ([1], [1, 2], False),
        ([1], (1,), False),
        (None, 0.5, False),
        ("1", 1.0, False),
        (True, 1, True),
        ({1, 2}, {2, 1}, True),
        (10**400, 0.5, False),
    ],
)
def test_equality(got: object, wanted: object, equal: bool):
    assert same(got, wanted) is equal


def test_broken_output_is_no_result():
    text = f"{NONCE} not json\n{NONCE}\nother\n" + f'{NONCE} {{"number": 7, "passed": true}}\n'
    report = read_report(text, [F1], NONCE)
    assert (report.complete, report.trials[0].status) == (False, "unrun")
    assert read_report("", [], NONCE).complete is False
