import os
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from qwen_router import Cancellation, Cancelled
from qwen_router.cancellation import cancellation_scope
from qwen_router_plugins.sandbox import Limits, Unavailable, availability, missing, run_python
from qwen_router_plugins.sandbox.run import start

real = pytest.mark.skipif(missing() is not None, reason=missing() or "")
QUICK = Limits(wall_seconds=5.0, cpu_seconds=1)


@real
def test_a_program_runs():
    run = run_python("print(1)")
    assert (run.status, run.stdout, run.stderr, run.exit_code) == ("ok", "1\n", "", 0)
    assert run.seconds > 0


@real
def test_it_is_the_main_program():
    source = (
        "import sys\nfrom dataclasses import dataclass\n"
        "@dataclass\nclass A:\n    x: int\n"
        "if __name__ == '__main__':\n    print(A(1), sys.argv, sorted(n for n in globals() if n[0] != '_'))"
    )
    assert run_python(source).stdout == "A(x=1) ['/run/main.py'] ['A', 'dataclass', 'sys']\n"


@real
@pytest.mark.parametrize(
    ("source", "code"), [("import sys; sys.exit(3)", 3), ("exit()", 0), ("quit(4)", 4), ("import os; os.abort()", 134)]
)
def test_the_exit_code_is_the_programs(source: str, code: int):
    run = run_python(source)
    assert (run.exit_code, run.status) == (code, "error" if code else "ok")


@real
def test_an_error_shows_its_line():
    run = run_python("x = 1\nx / 0")
    assert run.status == "error"
    assert "line 2, in <module>\n    x / 0" in run.stderr
    assert run.stderr.endswith("ZeroDivisionError: division by zero\n")
    assert "SyntaxError" in run_python("def f(:").stderr


@real
def test_text_of_every_script_goes_in_and_out():
    assert run_python("print('žluťoučký 日本語 🙂', input())", stdin="ðµ\n").stdout == "žluťoučký 日本語 🙂 ðµ\n"
    assert run_python("import sys; sys.stdout.buffer.write(b'\\xff')").stdout == "\ufffd"
    assert run_python("print('\ud800')").status in ("ok", "error")


@real
def test_input_never_waits():
    assert run_python("print(input() + input())", stdin="a\nb").stdout == "ab\n"
    assert "EOFError" in run_python("input()").stderr


@real
@pytest.mark.parametrize(
    "source", ["while True: pass", "import signal\nsignal.signal(24, signal.SIG_IGN)\nwhile True: pass"]
)
def test_an_endless_loop_ends(source: str):
    run = run_python(source, limits=QUICK)
    assert run.status == "timeout"


@real
@pytest.mark.parametrize(
    "source",
    [
        "import time; time.sleep(60)",
        "import os, time; os.close(1); os.close(2); time.sleep(60)",
        "import os, time\nif os.fork() == 0: time.sleep(60)\nos.wait()",
    ],
)
def test_waiting_ends_too(source: str):
    assert run_python(source, limits=Limits(wall_seconds=0.5)).status == "timeout"


@real
def test_what_is_left_behind_dies_with_the_program():
    run = run_python("import os, time\nif os.fork() == 0: time.sleep(60)\nelse: print('done')")
    assert (run.status, run.stdout) == ("ok", "done\n")
    assert run.seconds < 5


@real
def test_a_fork_bomb_stops_at_the_limit():
    source = (
        "import os, time\nn = 0\ntry:\n    while True:\n        if os.fork() == 0: time.sleep(60)\n        n += 1\n"
        "except OSError as error: print(n, error.errno)"
    )
    assert run_python(source, limits=Limits(processes=8)).stdout == "7 11\n"
    assert run_python("import os\nwhile True: os.fork()", limits=QUICK).status in ("error", "timeout")


@real
def test_threads_work():
    source = "from concurrent.futures import ThreadPoolExecutor\nprint(list(ThreadPoolExecutor().map(abs, [1, -2])))"
    assert run_python(source).stdout == "[1, 2]\n"


@real
@pytest.mark.parametrize("source", ["bytearray(10**10)", "x = []\nwhile True: x.append('a' * 10**7)"])
def test_memory_has_an_end(source: str):
    run = run_python(source)
    assert (run.status, run.exit_code) == ("memory", 1)


@real
@pytest.mark.parametrize("stream", ["stdout", "stderr"])
def test_a_flood_of_output_is_cut_and_not_kept(stream: str):
    source = f"import sys\nfor _ in range(100): sys.{stream}.write('x' * 10**6)"
    run = run_python(source, limits=Limits(output_bytes=1000))
    assert run.status == "output"
    assert (run.stdout, run.stderr) == (("x" * 1000, "") if stream == "stdout" else ("", "x" * 1000))


@real
def test_output_up_to_the_limit_is_whole():
    run = run_python("print('x' * 999)", limits=Limits(output_bytes=1000))
    assert (run.status, len(run.stdout)) == ("ok", 1000)


@real
def test_there_is_no_network():
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        here = run_python(f"import socket; socket.create_connection(('127.0.0.1', {port}), 2)")
        away = run_python("import socket; socket.create_connection(('192.0.2.1', 80), 2)")
    assert "ConnectionRefusedError" in here.stderr
    assert "Network is unreachable" in away.stderr


@real
def test_files_of_the_machine_are_out_of_sight(tmp_path: Path):
    secret = tmp_path / "secret"
    secret.write_text("hidden")
    paths = [
        str(secret),
        "/etc/shadow",
        "/etc/passwd",
        "/etc/hostname",
        "/proc/1/environ",
        "/sys/kernel",
        str(Path(__file__)),
    ]
    run = run_python(f"import os\nprint([p for p in {paths} if os.path.exists(p)])")
    assert run.stdout == "[]\n"


@real
def test_home_is_empty():
    # The interpreter itself may lie in the home directory; nothing else of it may show.
    run = run_python(f"import os\nhome = {str(Path.home())!r}\nprint(os.listdir(home) if os.path.exists(home) else [])")
    seen = [Path.home() / name for name in eval(run.stdout)]
    assert all(Path(sys.base_prefix).resolve().is_relative_to(path.resolve()) for path in seen)
    assert run_python("import os; print(os.path.expanduser('~'), os.listdir('/tmp'))").stdout == "/tmp []\n"


@real
def test_the_environment_is_empty(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("A_KEY", "hidden")
    monkeypatch.setenv("PYTHONSTARTUP", "/nowhere")
    assert set(eval(run_python("import os; print(dict(os.environ))").stdout)) == {"PATH", "HOME", "LANG", "PWD"}


@real
@pytest.mark.parametrize("folder", ["/", "/usr", "/run", "/etc", "/usr/lib", os.path.dirname(os.__file__)])
def test_nothing_outside_can_be_written(folder: str):
    run = run_python(f"open({folder!r} + '/planted', 'w')")
    assert run.status == "error"
    assert not Path(folder, "planted").exists()


@real
def test_small_files_can_be_written_and_do_not_last():
    source = "open('/tmp/a', 'w').write('x'); print(open('/tmp/a').read())"
    assert run_python(source).stdout == "x\n"
    assert run_python("open('/tmp/a')").status == "error"
    large = "for i in range(99): open(f'/tmp/{i}', 'wb').write(bytes(10**7))"
    assert "No space left" in run_python(large).stderr
    assert "File too large" in run_python("open('/tmp/a', 'wb').write(bytes(20 * 2**20))").stderr


@real
def test_the_parent_gets_no_signal():
    source = (
        "import os, signal\nfor pid in {1, os.getppid(), " + str(os.getpid()) + "}:\n    for s in (15, 9):\n"
        "        try: os.kill(pid, s)\n        except OSError: pass\nprint('here')"
    )
    assert run_python(source).stdout == "here\n"


@real
def test_kernel_interfaces_are_closed():
    calls = "[lib.unshare(0x10000000), lib.mount(b'/tmp', b'/usr', None, 4096, None), lib.ptrace(0, 0, 0, 0)]"
    run = run_python(f"import ctypes\nlib = ctypes.CDLL(None)\nprint({calls})")
    assert run.stdout == "[-1, -1, -1]\n"
    assert "Operation not permitted" in run_python("import os; os.setuid(0) if os.getuid() else exit('root')").stderr
    status = run_python("import ctypes; print(ctypes.CDLL(None).prctl(39, 0, 0, 0, 0))")  # PR_GET_NO_NEW_PRIVS
    assert status.stdout == "1\n"


@real
def test_no_descriptor_leaks_in():
    ours, other = socket.socketpair()
    with ours, other:
        os.set_inheritable(ours.fileno(), True)
        run = run_python(f"import os\nos.fstat({ours.fileno()})")
    assert "Bad file descriptor" in run.stderr


@real
def test_a_cancelled_call_ends_the_program():
    cancellation = Cancellation()
    timer = threading.Timer(0.2, cancellation.cancel)
    timer.start()
    with cancellation_scope(cancellation), pytest.raises(Cancelled):
        run_python("import time; time.sleep(60)", limits=Limits(wall_seconds=30))
    timer.join()


@real
def test_runs_do_not_disturb_each_other():
    runs: list[str] = []
    threads = [threading.Thread(target=lambda i=i: runs.append(run_python(f"print({i})").stdout)) for i in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(runs) == [f"{i}\n" for i in range(8)]


@real
@pytest.mark.skipif(os.geteuid() != 0 or not Path("/usr/bin/python3").exists(), reason="needs root and a system Python")
def test_an_ordinary_user_may_run_programs_too():
    path = os.pathsep.join(p for p in sys.path if p)
    probe = (
        "from qwen_router_plugins.sandbox import run_python; print(run_python('import os; print(os.getuid())').stdout)"
    )
    done = subprocess.run(
        ["/usr/bin/python3", "-B", "-c", probe], user=12345, group=12345, extra_groups=[], text=True,
        capture_output=True, env={"PYTHONPATH": path, "PATH": os.environ["PATH"]}, check=False,
    )  # fmt: skip
    if "PermissionError" in done.stderr or "ModuleNotFoundError" in done.stderr:
        pytest.skip("the packages can't be read by another user")
    assert done.stdout.strip() == "12345", done.stderr


def test_a_machine_without_bubblewrap_is_told_how_to_get_it(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PATH", "")
    availability._tried.cache_clear()
    try:
        assert "Install it" in (missing() or "")
        with pytest.raises(Unavailable, match="needs bubblewrap"):
            run_python("print(1)")
    finally:
        availability._tried.cache_clear()


@pytest.mark.skipif(sys.platform != "linux", reason="the sandbox needs Linux")
def test_a_sandbox_that_can_not_be_set_up_never_runs_the_program(tmp_path: Path):
    broken = tmp_path / "bwrap"
    broken.write_text("#!/bin/sh\necho 'bwrap: No permissions to create new namespace' >&2\nexit 1\n")
    broken.chmod(0o755)
    with pytest.raises(Unavailable, match="No permissions"):
        start(str(broken), "print(1)")
