"""Runs what the documentation shows."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import qwen_router
from qwen_router import load_settings

ROOT = Path(__file__).parents[1]
PAGES = (ROOT / "README.md", ROOT / "router" / "README.md")
BLOCK = re.compile(r"^```(?P<kind>\w+)(?P<flag>[^\n]*)\n(?P<body>.*?)^```$", re.M | re.S)
BLOCKS = [
    pytest.param(m["kind"], m["flag"].strip(), m["body"], id=f"{page.parent.name}-{m['kind']}-{n}")
    for page in PAGES
    for n, m in enumerate(BLOCK.finditer(page.read_text("utf-8")), start=1)
]


def of_kind(kind):
    return [pytest.param(*p.values[1:], id=p.id) for p in BLOCKS if p.values[0] == kind]


def commands(body):
    """Yield (command, what it prints) of a console block."""
    for part in re.split(r"^\$ ", body, flags=re.M)[1:]:
        command, _, printed = part.partition("\n")
        yield command, printed


def shell(command, directory):
    """Run a command as a newcomer in an empty directory, whose router is on the path."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    env = {**os.environ, "PATH": path, "XDG_CONFIG_HOME": str(directory)}
    # With it, the hub's models would be said to be out of reach. Nothing here fetches any.
    env.pop("HF_HUB_OFFLINE")
    done = subprocess.run(command, shell=True, cwd=directory, env=env, capture_output=True, text=True, check=False)
    return done.stderr.strip("\n"), done.stdout.strip("\n")


def without_padding(text):
    return [line.rstrip() for line in text.strip("\n").splitlines() if line.strip()]


def test_every_block_is_of_a_kind_that_is_tested():
    assert {p.values[0] for p in BLOCKS} <= {"console", "python", "toml"}
    assert len(BLOCKS) >= 7


@pytest.mark.parametrize(("flag", "body"), of_kind("console"))
def test_a_command_prints_what_the_page_shows(flag, body, tmp_path, embedded_gguf):
    for command, printed in commands(body):
        if command.startswith("make "):
            assert re.search(rf"^{command.split()[1]}:", (ROOT / "Makefile").read_text(), re.M)
            continue
        err, out = shell(command, tmp_path)
        shown, got = without_padding(printed), without_padding(f"{err}\n{out}" if err else out)
        if flag != "answer":
            assert got == shown
            continue
        # What a model says differs between processors in the last bits, and so in words; the decision, the notes and
        # the result don't.
        notes = [line for line in shown if line.startswith("Note:")]
        result = re.findall(r"\\boxed\{([^}]*)\}", printed)[-1:]
        assert shown[0] in got
        assert all(note in got for note in notes)
        assert re.findall(r"\\boxed\{([^}]*)\}", out)[-1:] == result


@pytest.mark.parametrize(("flag", "body"), of_kind("python"))
def test_a_program_runs(flag, body, tmp_path, embedded_gguf):
    program = tmp_path / "program.py"
    program.write_text(body, encoding="utf-8")
    env = {**os.environ, "XDG_CONFIG_HOME": str(tmp_path), "QWEN_ROUTER__GENERATION__MAX_NEW_TOKENS": "60"}
    done = subprocess.run([sys.executable, str(program)], env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip()
    if "haiku" in body:
        assert done.stdout.strip() == "haiku"


@pytest.mark.parametrize(("flag", "body"), of_kind("toml"))
def test_a_configuration_is_valid(flag, body, tmp_path):
    file = tmp_path / "c.toml"
    file.write_text(body)
    load_settings(file)


def test_the_api_reference_is_made_of_the_docstrings(tmp_path):
    pytest.importorskip("pdoc", reason="the extra is not installed: pip install 'qwen-router[docs]'")
    # What `make docs` runs.
    command = [
        sys.executable,
        "-m",
        "pdoc",
        "--docformat",
        "google",
        "--output-directory",
        str(tmp_path),
        "qwen_router",
    ]
    subprocess.run(command, capture_output=True, check=True)
    page = (tmp_path / "qwen_router.html").read_text("utf-8")
    assert all(f'id="{name}"' in page for name in qwen_router.__all__)


def test_links_lead_somewhere():
    for page in PAGES:
        for link in re.findall(r"\]\(([^)#:]+)\)", page.read_text("utf-8")):
            assert (page.parent / link).exists(), link
