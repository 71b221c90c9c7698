import sys

import pytest

from qwen_router_plugins.checks import grammar
from qwen_router_plugins.checks.grammar import first_fault, judges

GOOD = {
    "javascript": (
        "const f = async ({a, b = 1}, ...rest) => a?.b ?? `x${b}`;\n"
        "export default class A { #p = 1; static { } }"
    ),
    "jsx": "const A = () => <div className='x'>{items.map(i => <Item key={i} {...i} />)}</div>;",
    "typescript": (
        "type A<T> = T extends string ? 'a' : never;\n"
        "function f<T>(x: T, y?: number): x is T { return <any>x as T; }"
    ),
    "tsx": "export const A: React.FC<P> = ({x}) => <b>{x satisfies string}</b>;",
    "java": (
        "public class A { record P(int x) {}\n"
        "  int f(Object o) { return switch (o) { case P(int x) when x > 0 -> x; default -> 0; }; } }"
    ),
    "java ": "int add(int a, int b) { return a + b; }",
    "c": (
        "#include <stdio.h>\n"
        "#define N 10\n"
        "int main(void) { int a[N] = {0}; for (int i = 0; i < N; i++) printf(\"%d\", a[i]); return 0; }"
    ),
    "cpp": (
        "#include <vector>\n"
        "template <typename T> auto f(const std::vector<T>& v) -> T { return [&](auto x) { return x +"
        " v[0]; }(1); }"
    ),
    "go": (
        "package main\n"
        "import \"fmt\"\n"
        "func F[T any](xs []T) (n int, err error) { for range xs { n++ }; return }\n"
        "func main() { go fmt.Println(F([]int{1})) }"
    ),
    "rust": (
        "fn f<'a, T: Into<String>>(x: &'a [T]) -> Option<&'a T> { if let [a, ..] = x { Some(a) } else {"
        " None } }"
    ),
    "csharp": (
        "using System.Linq;\n"
        "record P(int X);\n"
        "var a = new[] {1}.Where(x => x is > 0 and < 5).ToList();\n"
        "Console.WriteLine($\"{a[^1]}\");"
    ),
    "ruby": (
        "def f(a, *b, k: 1, &blk)\n"
        "  b.map(&:to_s).each_with_index { |x, i| puts \"#{x}\" unless i.zero? }\n"
        "end"
    ),
    "php": (
        "function f(int ...$xs): ?string { return match(true) { count($xs) > 1 => \"a\", default => null }; }"
    ),
    "php ": "<?php\nenum A: string { case B = 'b'; }\necho (fn($x) => $x + 1)(2);",
    "html": "<!doctype html><html><body><p>One<br><img src=x><ul><li>a<li>b</ul></body></html>",
    "json": '{"a": [1, 2.5, null, true], "b": {"c": "d"}}',
}  # fmt: skip
BAD = {
    "javascript": ("const a = 1;\nfunction f( {\n  return 1;\n}", 2),
    "typescript": ("let x: number = ;\n", 1),
    "java": ("class A {\n  int f() { return 1 }\n}", 2),
    "c": ("int main() {\n  int x = 5\n  return x;\n}", 2),
    "cpp": ("int f() {\n  std::vector<int> v = {1, 2;\n}", 2),
    "go": ("package main\nfunc main() {\n  x := [}\n}", 3),
    "rust": ("fn main() {\n    let x = ;\n}", 2),
    "csharp": ("class A {\n  void F() { int x = ; }\n}", 2),
    "ruby": ("def f\n  x = [1, 2\nend", 2),
    "php": ("<?php\nfunction f( { return 1; }", 2),
    "json": ('{"a": 1,\n "b": }', 2),
}

installed = pytest.mark.skipif(not judges("java"), reason="needs the tree-sitter wheels of the `grammars` extra")


@installed
@pytest.mark.parametrize("language", GOOD)
def test_good_code_has_no_fault(language: str):
    assert judges(language)
    assert first_fault(GOOD[language], language) is None


@installed
@pytest.mark.parametrize("language", BAD)
def test_the_line_of_a_fault_is_told(language: str):
    code, line = BAD[language]
    fault = first_fault(code, language)
    assert fault is not None
    assert abs(fault.line - line) <= 1, fault
    assert fault.what


@installed
@pytest.mark.parametrize(
    ("code", "language"),
    [
        ("int x[] = ...;\n...\n", "c"),
        ("function f() {\n  ...\n}", "js"),
        ("#ifdef A\nint f( {\n#endif", "c"),
        ("STATIC_INLINE int f( {", "c"),
        ("<p>{% if a < b %}</p>", "html"),
        ('{"a": 1} // a comment\n', "json"),
        ("// one\n{'a': 1}", "json"),
        ('{"a": 1}\n{"a": 2}', "jsonl"),
        ("SELEC * FORM x", "sql"),
        ("if [ ; then", "bash"),
        ("a { color }", "css"),
        ("whatever (", "klingon"),
    ],
)
def test_what_no_grammar_can_judge_is_let_be(code: str, language: str):
    assert first_fault(code, language) is None


def test_without_the_grammars_nothing_is_judged(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "tree_sitter_java", None)
    grammar._language.cache_clear()
    try:
        assert not judges("java")
        assert first_fault("class {", "java") is None
    finally:
        grammar._language.cache_clear()
