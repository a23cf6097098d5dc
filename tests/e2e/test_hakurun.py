"""hakurun as people use it: the real executable, real programs, real signals."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from waiting import wait_until

HAKURUN = os.path.join(os.environ.get("HAKURIVER_BIN", ""), "hakurun")
LIMIT = 60

pytestmark = pytest.mark.skipif(not os.access(HAKURUN, os.X_OK), reason="$HAKURIVER_BIN/hakurun is not there")


def hakurun(*words: str, **more) -> subprocess.CompletedProcess:
    """Runs it to its end with its output captured."""
    return subprocess.run(
        [HAKURUN, *words], capture_output=True, text=True, timeout=LIMIT, check=False, stdin=subprocess.DEVNULL, **more
    )


def started(*words: str, **more) -> subprocess.Popen:
    """Starts it, to be signalled later."""
    return subprocess.Popen([HAKURUN, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **more)


def script(folder: Path, name: str, body: str) -> str:
    """An executable shell script in this folder."""
    path = folder / name
    path.write_text("#!/bin/sh\n" + textwrap.dedent(body))
    path.chmod(0o755)
    return str(path)


# ---- combinations --------------------------------------------------------------------------------


def test_product_in_order_with_the_last_argument_fastest():
    done = hakurun("echo", "span:{1..2}", "fixed", "span:[a,b]")
    assert done.stdout.splitlines() == ["1 fixed a", "1 fixed b", "2 fixed a", "2 fixed b"]
    assert (done.returncode, done.stderr) == (0, "")


def test_everything_after_the_target_is_passed_on():
    words = ["--parallel", "--help", "-x", "--", "", "a  b", "$HOME", "*", "ünï", "span:[q]"]
    done = hakurun("printf", "<%s>", *words)
    assert done.stdout == "<--parallel><--help><-x><--><><a  b><$HOME><*><ünï><q>"


def test_dry_run_prints_lines_a_shell_can_run(tmp_path):
    done = hakurun("--dry-run", "touch", f"{tmp_path}/a span:{{1..2}}")
    lines = done.stdout.splitlines()
    assert len(lines) == 2 and not list(tmp_path.iterdir())
    for line in lines:
        subprocess.run(["sh", "-c", line], check=True)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a 1", "a 2"]


def test_values_from_a_file(tmp_path):
    (tmp_path / "names.txt").write_text("ada lovelace\n\ngrace, h.\n")
    done = hakurun("printf", "<%s>\n", f"--name=span:file:{tmp_path}/names.txt")
    assert done.stdout.splitlines() == ["<--name=ada lovelace>", "<--name=grace, h.>"]


def test_too_many_combinations_are_refused_with_their_number():
    done = hakurun("--dry-run", "true", "span:{1..1001}", "span:{1..1000}")
    assert done.returncode == 2
    assert "1001000 combinations" in done.stderr and "--yes" in done.stderr
    assert hakurun("--dry-run", "--yes", "true", "span:{1..1001}", "span:{1..1000}").stdout.count("\n") == 1001000


def test_shuffle_runs_each_once_and_can_be_repeated():
    once = hakurun("--shuffle", "7", "echo", "span:{1..50}").stdout
    assert sorted(map(int, once.split())) == list(range(1, 51))
    assert once.split() != [str(i) for i in range(1, 51)]
    assert hakurun("--shuffle", "7", "echo", "span:{1..50}").stdout == once
    told = hakurun("--shuffle", "echo", "span:{1..50}")
    seed = told.stderr.split("--shuffle ")[1].split()[0]
    assert hakurun("--shuffle", seed, "echo", "span:{1..50}").stdout == told.stdout


# ---- targets -------------------------------------------------------------------------------------


def test_programs_by_path_and_exit_codes(tmp_path):
    script(tmp_path, "mine", 'echo "$@"; exit $1')
    done = hakurun("./mine", "span:[3,7,5]", "x", cwd=tmp_path)
    assert done.returncode == 7
    assert done.stdout.splitlines() == ["3 x", "7 x", "5 x"]
    assert hakurun("./mine", "9", cwd=tmp_path).returncode == 9
    assert hakurun("./mine", "span:[9]", cwd=tmp_path).returncode == 9


def test_a_program_wins_over_a_module_of_its_name():
    assert hakurun("test", "a", "=", "a").returncode == 0
    assert hakurun("test", "a", "=", "span:[a,b]").returncode == 1


def test_a_script_without_interpreter_line_is_a_shell_script(tmp_path):
    path = tmp_path / "plain"
    path.write_text('echo "got $1"\n')
    path.chmod(0o755)
    assert hakurun("./plain", "span:{1..2}", cwd=tmp_path).stdout == "got 1\ngot 2\n"
    assert hakurun("./plain", "1", cwd=tmp_path).stdout == "got 1\n"


@pytest.fixture
def module(tmp_path):
    """A folder with a Python module to run and to call."""
    (tmp_path / "mymod.py").write_text(
        textwrap.dedent("""
        import sys

        def show(*args):
            print([(type(arg).__name__, arg) for arg in args], sys.argv[1:])

        class Group:
            show = staticmethod(show)

        def leave(code):
            sys.exit(code)

        if __name__ == "__main__":
            print("main", sys.argv[1:])
        """)
    )
    return tmp_path


def test_python_modules(module):
    done = hakurun("mymod", "span:{1..2}", "x", cwd=module)
    assert done.stdout.splitlines() == ["main ['1', 'x']", "main ['2', 'x']"]
    assert hakurun("mymod", "x", cwd=module).stdout == "main ['x']\n"


def test_python_functions_get_numbers_of_ranges_as_numbers(module):
    done = hakurun("mymod:show", "span:{1..1}", "span:{0.5..0.5..0.1}", "span:[1]", "1", "n=span:{1..1}", cwd=module)
    typed = [("int", 1), ("float", 0.5), ("str", "1"), ("str", "1"), ("str", "n=1")]
    assert done.stdout == f"{typed} {['1', '0.5', '1', '1', 'n=1']}\n"
    assert hakurun("mymod:Group.show", "span:[a,b]", cwd=module).returncode == 0
    assert hakurun("mymod:leave", "span:{3..5}", cwd=module).returncode == 5
    broken = hakurun("mymod:nothing", "x", cwd=module)
    assert broken.returncode == 1 and "nothing" in broken.stderr


def test_another_python(module):
    script(module, "fake-python", 'case "$2" in *find_spec*) exit 0;; esac; echo "fake $1 $2"')
    done = hakurun("--python", "./fake-python", "mymod", cwd=module)
    assert done.stdout == "fake -m mymod\n"


@pytest.mark.parametrize(
    ("target", "code", "sentence"),
    [
        ("no-such-program", 127, "no program 'no-such-program'"),
        ("no_such_module", 127, "neither a program nor a Python module"),
        ("./no-such-file", 127, "no program ./no-such-file"),
        ("/etc/passwd", 126, "not an executable file"),
        ("passwd.txt", 127, "is a file here"),
    ],
)
def test_what_cannot_be_run_is_said_once(tmp_path, target, code, sentence):
    (tmp_path / "passwd.txt").touch()
    done = hakurun(target, "span:{1..100}", cwd=tmp_path)
    assert done.returncode == code
    assert sentence in done.stderr and done.stderr.count("\n") == 1


def test_a_target_may_vary(tmp_path):
    script(tmp_path, "a", "echo a")
    done = hakurun("./span:[a,missing]", "x", cwd=tmp_path)
    assert done.stdout == "a\n" and done.returncode == 127
    assert "1 of 2 succeeded, 1 failed" in done.stderr


# ---- usage ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ([], "missing"),
        (["--nonsense", "true"], "no option --nonsense"),
        (["echo", "span:{3..1}"], "negative step"),
        (["echo", "span:1", "span:2"], "quotes"),
        (["echo", "span:{1..3"], "no closing"),
        (["echo", "span:file:/no/such/file"], "/no/such/file"),
    ],
)
def test_wrong_usage_is_explained_and_is_2(words, sentence):
    done = hakurun(*words)
    assert done.returncode == 2
    assert sentence in done.stderr and done.stdout == ""
    assert done.stderr.startswith("hakurun: ") and done.stderr.count("\n") == 1


def test_help_and_version():
    done = hakurun("--help")
    assert done.returncode == 0 and "usage: hakurun" in done.stdout and done.stderr == ""
    assert hakurun("--version").stdout.startswith("hakurun ")


# ---- running -------------------------------------------------------------------------------------


def test_failures_are_listed_and_others_go_on():
    done = hakurun("sh", "-c", 'exit "$1"', "sh", "span:[0,3,0,4]")
    assert done.returncode == 4
    assert "2 of 4 succeeded, 2 failed" in done.stderr
    assert [line.split()[:2] for line in done.stderr.splitlines()[2:4]] == [["2", "3"], ["4", "4"]]
    assert hakurun("--quiet", "false", "span:{1..2}").stderr == ""


def test_signals_are_128_plus_their_number():
    done = hakurun("sh", "-c", "kill -9 $$", "sh", "span:{1..2}")
    assert done.returncode == 137
    assert "137 SIGKILL" in done.stderr


def test_fail_fast_stops_what_runs_and_starts_nothing_more(tmp_path):
    body = f'case $1 in 3) exit 5;; *) echo $$ >{tmp_path}/pid$1; exec sleep 1000;; esac'
    done = hakurun("--fail-fast", "--parallel", "3", "sh", "-c", body, "sh", "span:{1..9}")
    assert done.returncode == 5
    assert "1 failed, 2 stopped, 6 not run" in done.stderr
    for pid_file in tmp_path.glob("pid*"):
        assert not Path(f"/proc/{pid_file.read_text().strip()}").exists()


def test_parallel_runs_as_many_as_asked(tmp_path):
    # Each of three waits for the other two: only three at once can end.
    body = f'touch {tmp_path}/$1; while [ "$(ls {tmp_path} | wc -l)" -lt 3 ]; do sleep 0.01; done'
    assert hakurun("--parallel", "3", "sh", "-c", body, "sh", "span:{1..3}").returncode == 0


def test_standard_input_is_empty_for_many_and_ours_for_one():
    many = subprocess.run([HAKURUN, "cat", "span:[-,-]"], input="text", capture_output=True, text=True, check=True)
    assert many.stdout == ""
    one = subprocess.run([HAKURUN, "cat", "-"], input="text", capture_output=True, text=True, check=True)
    assert one.stdout == "text"


def test_output_dir_keeps_one_file_for_each(tmp_path):
    done = hakurun("--output-dir", "o/runs", "sh", "-c", 'echo out $1; echo err $1 >&2; exit $1', "sh",
                   "span:{0..10}", cwd=tmp_path)
    runs = tmp_path / "o/runs"
    assert done.returncode == 10 and done.stdout == ""
    assert (runs / "01.txt").read_text() == "out 0\nerr 0\n"
    assert (runs / "11.txt").read_text() == "out 10\nerr 10\n"
    rows = [line.split("\t") for line in (runs / "index.tsv").read_text().splitlines()]
    assert [(row[0], row[1]) for row in rows] == [(str(i + 1), str(i)) for i in range(11)]
    assert hakurun("--output-dir", "/proc/nothing", "true", "span:{1..2}").returncode == 126


def test_labels_name_the_values_and_keep_lines_whole():
    body = 'for i in 1 2 3; do printf "%s-" $1; printf "%s\n" $1; done; printf end >&2'
    done = hakurun("--label", "--parallel", "4", "sh", "-c", body, "sh", "span:{1..20}", "x")
    expected = sorted(f"[{n}] {n}-{n}" for n in range(1, 21) for _ in range(3))
    assert sorted(done.stdout.splitlines()) == expected
    assert sorted(done.stderr.splitlines())[:20] == sorted(f"[{n}] end" for n in range(1, 21))


def test_labelled_output_larger_than_a_pipe_is_complete():
    done = hakurun("--label", "--parallel", "2", "seq", "span:[100000,100001]")
    assert len(done.stdout.splitlines()) == 200001


def test_many_combinations():
    done = hakurun("--parallel", "8", "echo", "span:{1..500}")
    assert sorted(map(int, done.stdout.split())) == list(range(1, 501))


def test_no_descriptor_reaches_the_commands(tmp_path):
    done = hakurun("--parallel", "4", "--output-dir", str(tmp_path), "ls", "/proc/self/fd", "span:[,.]")
    assert done.returncode in (0, 2)
    listed = (tmp_path / "2.txt").read_text()
    assert "/proc/self/fd:\n0\n1\n2\n3\n" in listed and "\n4\n" not in listed


# ---- signals -------------------------------------------------------------------------------------


def start_sleepers(folder: Path, trap: str = "") -> tuple[subprocess.Popen, list[int]]:
    """hakurun with two commands that would run for ever, and their pids once they run."""
    body = f"{trap} echo $$ >{folder}/$1.new; mv {folder}/$1.new {folder}/$1; while :; do sleep 0.05; done"
    process = started("--parallel", "2", "sh", "-c", body, "sh", "span:{1..9}")
    wait_until(lambda: len(list(folder.glob("[0-9]"))) == 2, "both commands run")
    return process, [int(path.read_text()) for path in folder.glob("[0-9]")]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_stops_all_of_them(tmp_path, number):
    process, pids = start_sleepers(tmp_path)
    process.send_signal(number)
    _, errors = process.communicate(timeout=LIMIT)
    assert process.returncode == 128 + number
    assert "2 stopped, 7 not run" in errors
    assert not any(Path(f"/proc/{pid}").exists() for pid in pids)


def test_the_first_interrupt_asks_and_the_second_kills(tmp_path):
    process, pids = start_sleepers(tmp_path, f"trap 'touch {tmp_path}/asked$1' INT;")
    process.send_signal(signal.SIGINT)
    wait_until(lambda: len(list(tmp_path.glob("asked*"))) == 2, "both have been asked")
    assert process.poll() is None
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=LIMIT)
    assert process.returncode == 130
    assert not any(Path(f"/proc/{pid}").exists() for pid in pids)


def test_grandchildren_are_stopped_too(tmp_path):
    body = f"sleep 1000 & echo $! >{tmp_path}/$1.new; mv {tmp_path}/$1.new {tmp_path}/$1; wait"
    process = started("--parallel", "2", "sh", "-c", body, "sh", "span:{1..2}")
    wait_until(lambda: len(list(tmp_path.glob("[0-9]"))) == 2, "both commands run")
    pids = [int(path.read_text()) for path in tmp_path.glob("[0-9]")]
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=LIMIT)
    wait_until(lambda: not any(is_alive(pid) for pid in pids), "the grandchildren are gone")


def is_alive(pid: int) -> bool:
    """Whether this process runs: a zombie that nobody has collected does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


# ---- on a terminal -------------------------------------------------------------------------------


def test_progress_on_a_terminal_only(tmp_path):
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [HAKURUN, "--output-dir", str(tmp_path), "sh", "-c", "sleep 0.15", "sh", "span:{1..5}"],
        stderr=theirs, stdout=subprocess.DEVNULL, stdin=subprocess.DEVNULL,
    )
    os.close(theirs)
    shown = read_terminal(ours)
    assert process.wait(timeout=LIMIT) == 0
    assert "/5" in shown and "[" in shown
    assert shown.endswith("\r\x1b[K" + shown.rsplit("\r\x1b[K", 1)[1])
    assert "5 of 5 succeeded" in shown


def read_terminal(fd: int) -> str:
    """Everything that is written to this terminal until it is closed."""
    text = b""
    while True:
        try:
            piece = os.read(fd, 4096)
        except OSError:  # Linux says EIO when the last writer is gone
            piece = b""
        if not piece:
            os.close(fd)
            return text.decode()
        text += piece


def test_one_command_keeps_the_terminal():
    ours, theirs = pty.openpty()
    process = subprocess.Popen([HAKURUN, sys.executable, "-c", "import sys; print(sys.stdin.isatty())"],
                               stdin=theirs, stdout=subprocess.PIPE, text=True)
    os.close(theirs)
    assert process.communicate(timeout=LIMIT)[0] == "True\n"
    os.close(ours)
