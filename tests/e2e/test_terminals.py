"""hakuriver.docker-shell in environments and in running tasks, with a real engine and real terminals."""

from __future__ import annotations

import hashlib
import signal
import subprocess
from collections.abc import Iterator

import pytest
from cluster import BIN
from container_lab import environments
from engine import why_not
from terminal_lab import Lab, terminal_lab
from waiting import wait_until

pytestmark = pytest.mark.skipif(why_not() != "", reason=why_not() or "never")

KINDS = ("environment", "task")


@pytest.fixture(scope="module")
def lab(tmp_path_factory) -> Iterator[Lab]:
    with terminal_lab(tmp_path_factory.mktemp("lab")) as one:
        yield one


# ---- a shell ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_the_exit_code_comes_back(lab: Lab, kind: str):
    for code in (0, 7, 137):
        with lab.shell(*lab.words(kind)) as shell:
            shell.type(f"exit {code}\n")
            assert shell.end() == code, shell.shown


@pytest.mark.parametrize("kind", KINDS)
def test_the_window_size_arrives_and_follows(lab: Lab, kind: str):
    with lab.shell(*lab.words(kind), rows=41, columns=121) as shell:
        shell.type("busybox stty size\n")
        shell.wait_for("41 121")
        shell.resize(50, 132)
        shell.type("busybox stty size\n")
        shell.wait_for("50 132")


@pytest.mark.parametrize("kind", KINDS)
def test_ctrl_c_ends_what_runs_and_not_the_shell(lab: Lab, kind: str):
    with lab.shell(*lab.words(kind)) as shell:
        shell.type("echo be''gins; sleep 1000\n")
        shell.wait_for("begins\r\n")
        wait_until(lambda: lab.processes(kind).count("sleep 1000") == 1 + (kind == "task"), "the sleep runs", 10)
        shell.type("\x03")
        shell.type("echo code $?\n")
        shell.wait_for("code 130")
        shell.type("exit 5\n")
        assert shell.end() == 5


@pytest.mark.parametrize("kind", KINDS)
def test_text_and_bytes_arrive_as_they_are(lab: Lab, kind: str):
    with lab.shell(*lab.words(kind)) as shell:
        shell.type("echo 'grüße 計算 🐟' | busybox md5sum\n")
        shell.wait_for(hashlib.md5("grüße 計算 🐟\n".encode()).hexdigest())
        shell.type("busybox stty -opost; echo be''gin; for i in $(busybox seq 0 255); do "
                   "busybox printf \"\\\\x$(busybox printf %x $i)\"; done; echo en''d; busybox stty opost\n")
        shell.wait_for("end\n")
        every_byte = bytes(range(256))
        assert b"begin\n" + every_byte + b"end\n" in shell.raw, shell.raw


@pytest.mark.parametrize("kind", KINDS)
def test_a_megabyte_that_is_pasted_arrives_whole(lab: Lab, kind: str):
    pasted = "".join(f"{i:07} pasted, and not one key of it lost\n" for i in range(23_000))
    with lab.shell(*lab.words(kind)) as shell:
        shell.type(f"busybox stty raw -echo; echo re''ady; busybox head -c {len(pasted)} | busybox md5sum; exit\n")
        shell.wait_for("ready")
        shell.type(pasted)
        shell.wait_for(hashlib.md5(pasted.encode()).hexdigest())


@pytest.mark.parametrize("kind", KINDS)
def test_a_script_on_standard_input(lab: Lab, kind: str, tmp_path):
    script = tmp_path / "script"
    lines = [f": line {i} of a script that is longer than one message may be" for i in range(8_000)]
    script.write_text("\n".join([*lines, "echo it was $((6 * 7))", "exit 3"]) + "\n")
    environment = lab.cluster.environment | {"HAKURIVER_CONFIG": str(lab.cluster.client_config)}
    with script.open() as file:
        done = subprocess.run([BIN / "hakuriver.docker-shell", *lab.words(kind)], stdin=file, capture_output=True,
                              timeout=60, check=False, env=environment)
    assert done.returncode == 3, done.stderr
    assert b"it was 42\r\n" in done.stdout


@pytest.mark.parametrize("kind", KINDS)
def test_two_at_once_know_nothing_of_each_other(lab: Lab, kind: str):
    with lab.shell(*lab.words(kind)) as one, lab.shell(*lab.words(kind)) as two:
        one.type("me=first; echo I am $me\n")
        two.type("me=second; echo I am $me\n")
        one.wait_for("I am first")
        two.wait_for("I am second")
        one.type("exit 1\n")
        assert one.end() == 1
        two.type("echo still $me\n")
        two.wait_for("still second")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("way", [signal.SIGKILL, signal.SIGHUP])
def test_nothing_is_left_of_a_terminal_that_was_closed(lab: Lab, kind: str, way: signal.Signals):
    wait_until(lambda: lab.shells(kind) == "[]", "those of the tests before are gone", 10)
    before = lab.processes(kind)
    with lab.shell(*lab.words(kind)) as shell:
        shell.type("echo be''gins; sleep 1003\n")
        shell.wait_for("begins\r\n")
        wait_until(lambda: "sleep 1003" in lab.processes(kind), "the sleep runs", 10)
        shell.process.send_signal(way)
        wait_until(lambda: lab.processes(kind) == before, "the shell and what ran in it are gone", 10)


def test_a_container_can_be_deleted_after_a_terminal_was_closed(lab: Lab):
    assert lab.docker("create-container", "busybox:test", "brief").returncode == 0
    with lab.shell("brief") as shell:
        shell.type("echo be''gins; sleep 1003\n")
        shell.wait_for("begins\r\n")
        refused = lab.docker("delete-container", "brief")
        assert refused.returncode != 0 and "somebody has a shell in brief" in refused.stderr
    wait_until(lambda: lab.docker("delete-container", "brief").returncode == 0, "the container can be deleted", 10)
    assert "brief" not in environments(lab.cluster)


# ---- in a task --------------------------------------------------------------------------------------


def test_a_terminal_in_a_task_sees_what_the_task_sees(lab: Lab):
    with lab.shell("--task", lab.task) as shell:
        shell.type("echo $TERM $PWD $HAKURIVER_TASK_ID $(ls -d /usr 2>&1) $(cat /proc/1/cmdline | tr '\\0' ' ')\n")
        shell.wait_for(f"xterm-256color /shared {lab.task} ls: /usr: No such file or directory /.hakuriver/keeper")


def test_a_task_that_ends_takes_its_terminal_with_it(lab: Lab):
    task_id = lab.start_task("while [ ! -e /shared/end ]; do sleep 0.1; done; exit 4")
    with lab.shell("--task", task_id) as shell:
        shell.type("touch /shared/end\n")
        assert shell.end() == 125, shell.shown
        assert "the container has ended, and the terminal in it" in shell.shown
    assert lab.cluster.wait(task_id, "failed")["exit_code"] == 4


def test_a_task_that_is_killed_takes_its_terminal_with_it(lab: Lab):
    task_id = lab.start_task()
    with lab.shell("--task", task_id) as shell:
        shell.type("echo he''re\n")
        shell.wait_for("here\r\n")
        assert lab.cluster.api.post(f"/api/tasks/{task_id}/kill").status in (200, 202)
        assert shell.end() == 125, shell.shown
    lab.cluster.wait(task_id, "killed")


def test_a_terminal_of_a_paused_task_waits_with_it(lab: Lab):
    task_id = lab.start_task()
    with lab.shell("--task", task_id) as shell:
        shell.type("echo he''re; sleep 1003\n")
        shell.wait_for("here\r\n")
        assert lab.cluster.api.post(f"/api/tasks/{task_id}/pause").status == 200
        assert "is paused" in lab.refused("--task", task_id)
    # The shell of the terminal that was closed meanwhile goes when it can.
    assert lab.cluster.api.post(f"/api/tasks/{task_id}/resume").status == 200
    top = ("top", lab.container_of(task_id), "-o", "pid,args")
    wait_until(lambda: b"sleep 1003" not in lab.engine.docker(*top).stdout, "the shell is gone", 40)
    assert lab.cluster.api.post(f"/api/tasks/{task_id}/kill").status in (200, 202)


def test_tasks_that_have_no_terminal_are_told_apart(lab: Lab):
    blocker = lab.cluster.shell("sleep 1000", required_memory_bytes=1_500_000_000)
    lab.cluster.wait(blocker, "running")
    for task_id, sentence in refused_tasks(lab, blocker):
        assert sentence in lab.refused("--task", task_id)


def refused_tasks(lab: Lab, blocker: str) -> Iterator[tuple[str, str]]:
    """Tasks in which no terminal can be opened while another task fills the node, and what is said."""
    waiting = lab.cluster.shell("true", required_memory_bytes=1_500_000_000)
    yield waiting, f"task {waiting} does not run yet"
    assert lab.cluster.api.post(f"/api/tasks/{blocker}/kill").status in (200, 202)
    lab.cluster.wait(waiting, "completed")
    yield waiting, f"task {waiting} is over (completed)"
    yield "999999", "no task 999999"
    direct = lab.start_task(container_name="NULL")
    yield direct, "runs on its node without a container"
    assert lab.cluster.api.post(f"/api/tasks/{direct}/kill").status in (200, 202)


@pytest.mark.parametrize("words", [[], ["tools", "--task", "1"], ["--task", "x"], ["a", "b"], ["--task", "-1"], ["UP"]])
def test_wrong_words(lab: Lab, words: list[str]):
    done = lab.cluster.cli(*words, program="hakuriver.docker-shell")
    assert done.returncode == 2 and done.stderr, (done.returncode, done.stderr)


# ---- what is not opened -----------------------------------------------------------------------------


def test_containers_of_others_are_not_opened(lab: Lab):
    assert lab.engine.docker("run", "-d", "--name", "postgres", "busybox:test", "sleep", "1000").returncode == 0
    assert "was not made by HakuRiver" in lab.refused("postgres")
    assert "there is no container none" in lab.refused("none")
    assert lab.docker("create-container", "busybox:test", "still").returncode == 0
    assert lab.docker("stop-container", "still").returncode == 0
    assert "start it with hakuriver.docker start-container still" in lab.refused("still")


def test_only_a_runner_that_was_asked_gets_in(lab: Lab):
    for secret in ("0" * 32, "x", "a%2fb", "a" * 5000):
        assert lab.cluster.api.get(f"/api/runners/terminals/{secret}").status == 404
    page = {"Origin": f"http://127.0.0.1:{lab.cluster.port}"}
    assert lab.cluster.api.get(f"/api/runners/terminals/{'0' * 32}", headers=page).status == 403


def test_asking_without_a_websocket_starts_nothing(lab: Lab):
    for kind, path in (("environment", "environments/tools"), ("task", f"tasks/{lab.task}")):
        before = lab.processes(kind)
        assert lab.cluster.api.get(f"/api/terminal/{path}").status == 426
        assert lab.processes(kind) == before
