"""Takes the Python program out of an answer, whole enough to run."""

from __future__ import annotations

import ast
import re
import textwrap
from collections.abc import Iterator, Sequence

from qwen_router import CodeBlock, code_blocks
from qwen_router_plugins.checks.examples import signature

_PYTHON = frozenset({"python", "py", "python3"})
_STARTS = re.compile(r"^(?:def |class |import |from \w|@|async def )", re.M)
_MOST_TRIES = 100
_DEFINES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


def python_code(answer: str, prompt: str = "") -> str | None:
    """Return the answer's Python code with what the prompt's own code brings to it, or `None` when it has none.

    Blocks that define something are joined; one that only shows the use, or quotes a part, is left out. A body alone is
    put under the prompt's stub, and imports and helpers that stand above the stub are put back when the answer dropped
    them. Code that doesn't parse is returned as it is, so that the caller can say so.
    """
    wanted = signature(prompt)
    name = (wanted.owner or wanted.name) if wanted else ""
    code = _joined(code_blocks(answer), name) or _unfenced(answer)
    above, stub = _stub(prompt, wanted.name if wanted else "")
    if stub:
        code = _under_stub(code or answer, stub) or code
    if code is None or (tree := _parsed(code)) is None:
        return code
    return _with_prelude(code, tree, above)


def _joined(blocks: Sequence[CodeBlock], name: str) -> str | None:
    """Join the blocks that make the program; the first definition of a name counts."""
    python = [b.text for b in blocks if b.language in _PYTHON or (not b.language and _looks_like_python(b.text))]
    if len(python) < 2:
        return python[0] if python else None
    trees = [_parsed(textwrap.dedent(text)) for text in python]
    kept: list[str] = []
    known: set[str] = set()
    for text, tree in zip(python, trees, strict=True):
        if tree is None:
            continue
        defined = _defined(tree)
        if defined and not defined & known:
            kept.append(textwrap.dedent(text))
            known |= defined | _bound(tree)
    # A program without definitions, or one that doesn't parse: the largest is the answer.
    return "\n\n".join(kept) if kept and (not name or name in known) else max(python, key=len)


def _looks_like_python(text: str) -> bool:
    return _parsed(text) is not None and bool(_STARTS.search(text))


def _unfenced(answer: str) -> str | None:
    """Return code that stands in the answer without a fence, prose before and after it left out."""
    start = _STARTS.search(answer)
    if "```" in answer or not start:
        return None
    lines = answer[start.start() :].rstrip().split("\n")
    for end in _shorter(lines):
        code = "\n".join(lines[:end])
        tree = _parsed(code)
        if tree is not None:
            return code.rstrip() if _defined(tree) or end == len(lines) else None
    return None


def _stub(prompt: str, name: str) -> tuple[str, str]:
    """Return the prompt's code above the function it wants, and that function as far as it is written."""
    if not name:
        return "", ""
    sources = [*(b.text for b in code_blocks(prompt) if b.language in _PYTHON or not b.language), prompt]
    head = re.compile(rf"^(?:async )?def {name}\b", re.M)
    for source in sources:
        found = head.search(source)
        if not found:
            continue
        lines = source[found.start() :].rstrip().split("\n")
        for end in _shorter(lines):
            stub = "\n".join(lines[:end])
            tree = _parsed(f"{stub}\n    pass")
            if tree is not None and len(tree.body) == 1 and not stub.lstrip().startswith("```"):
                start = _STARTS.search(source)
                return source[start.start() if start else 0 : found.start()], stub
    return "", ""


def _shorter(lines: list[str]) -> Iterator[int]:
    """Yield numbers of lines from all downwards, skipping those that an error, or a second statement, rules out."""
    end = len(lines)
    for _ in range(_MOST_TRIES):
        if end <= 0:
            return
        yield end
        try:
            statements = ast.parse("\n".join(lines[:end])).body
            fault = statements[1].lineno if len(statements) > 1 else end
        except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
            fault = getattr(error, "lineno", None) or end
        end = min(end, fault) - 1


def _under_stub(code: str, stub: str) -> str | None:
    """Return the stub with `code` as its body, when that is what the code is."""
    text = code.strip("\n")
    tree = _parsed(text)
    if tree is not None and not any(isinstance(n, ast.Return) for n in tree.body) and not text.startswith((" ", "\t")):
        return None
    # The first line may have lost its indentation when the text was stripped.
    rest = text.split("\n", 1)
    candidates = [textwrap.dedent(text)]
    if len(rest) == 2:
        candidates.append(f"{rest[0].strip()}\n{textwrap.dedent(rest[1])}")
    for body in candidates:
        whole = f"{stub}\n{textwrap.indent(body, '    ')}\n"
        tree = _parsed(whole)
        if tree is not None and any(isinstance(n, ast.Return | ast.Yield | ast.Expr) for n in ast.walk(tree)):
            return whole
    return None


def _with_prelude(code: str, tree: ast.Module, above: str) -> str:
    """Put the prompt's imports and helpers before code that doesn't have them."""
    prelude = _parsed(above)
    if prelude is None or any(isinstance(n, ast.ImportFrom) and n.module == "__future__" for n in tree.body):
        return code
    known = _defined(tree) | _bound(tree)
    missing = []
    for node in prelude.body:
        names = _defined(ast.Module([node], [])) | _bound(ast.Module([node], []))
        if names and not names <= known:
            missing.append(ast.get_source_segment(above, node) or "")
    return "\n".join([*missing, code]) if missing else code


def _defined(tree: ast.Module) -> set[str]:
    return {node.name for node in tree.body if isinstance(node, _DEFINES)}


def _bound(tree: ast.Module) -> set[str]:
    """Return the names that imports and assignments of the top level bind."""
    names = set()
    for node in tree.body:
        if isinstance(node, ast.Import | ast.ImportFrom):
            names |= {alias.asname or alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            names |= {t.id for t in targets if isinstance(t, ast.Name)}
    return names


def _parsed(source: str) -> ast.Module | None:
    try:
        return ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
