"""Tasks directly on a node, through a whole cluster: limits that hold, ends that are told, and what a node lacks."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from labs import Lab
from river import BIN, River
from waiting import wait_until

pytestmark = pytest.mark.skipif(not (BIN / "hakuriver").exists(), reason="$HAKURIVER_BIN/hakuriver is not there")
# Two processes that would take two cores for a while; prints how many they got.
BURN = """
import os, time
begin = time.monotonic()
for child in range(2):
    if os.fork() == 0:
        while time.monotonic() < begin + 2: pass
        os._exit(0)
for child in range(2): os.wait()
used = os.times()
print((used.children_user + used.children_system) / (time.monotonic() - begin))
"""
# Forks twice away from its parent and session, and ignores TERM.
DAEMON = """
import os, signal, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        open(sys.argv[1], 'w').write(str(os.getpid()))
        time.sleep(3600)
    os._exit(0)
time.sleep(3600)
"""


@pytest.fixture(scope="module", params=["systemd", "process"])
def river(lab: Lab, request) -> Iterator[River]:
    """HakuRiver with one kind of executor, whose tasks run as the user lab."""
    with River(lab, request.param, more='[environment]\nrunner_user = "lab"\n') as river:
        offer = river.nodes()["n1"]["executors"][0]
        assert (offer["name"], offer["available"]) == (request.param, True), offer
        yield river


@pytest.fixture
def name(request) -> str:
    return "t-" + "".join(char if char.isalnum() else "-" for char in request.node.name)


def python(river: River, node: str, program: str, *words: str, options: tuple[str, ...] = ()) -> str:
    """A Python program as a task; its id."""
    return river.client("--target", node, *options, "--", "python3", "-c", program, *words)["task_ids"][0]


# ---- limits ----------------------------------------------------------------------------------------


def test_tasks_run_as_the_configured_user(river: River):
    task_id = river.submit("n2", "id -un; echo $HOME; touch /tmp/$HAKURIVER_TASK_ID")
    river.wait(task_id, "completed")
    assert river.output(task_id) == "lab\n/home/lab\n"
    assert river.lab.run("n2", "stat", "-c", "%U", f"/tmp/{task_id}") == "lab"


def test_a_quota_of_one_core_is_one_core(river: River):
    limited = python(river, "n2", BURN, options=("--cores", "1"))
    assert river.wait(limited, "completed")["warnings"] == []  # the kernel has the limit
    assert float(river.output(limited)) < 1.15


def test_200_mb_in_64_mb(river: River):
    program = "x = bytearray(200_000_000); x[::4096] = b'x' * len(x[::4096])"
    task = river.wait(python(river, "n2", program, options=("--memory", "64M")), "killed_oom")
    assert (task["exit_code"], task["end_reason"]) == (137, "oom"), task
    assert task["warnings"] == []


def test_a_limit_that_is_not_in_force_is_said(river: River):
    """As in a container whose control groups are read-only: systemd accepts the limit and says nothing."""
    if river.lab.code("n3", "mountpoint", "-q", "/sys/fs/cgroup/memory") != 0:
        pytest.skip("only control groups of version 1 can be read-only one by one")
    river.lab.run("n3", "mount", "-o", "remount,bind,ro", "/sys/fs/cgroup/memory")
    try:
        river.lab.run("n3", "systemctl", "restart", "hakuriver-runner.service")
        river.wait_online("n3")
        task = river.wait(river.submit("n3", "true", "--memory", "64M"), "completed")
        assert any("memory" in warning and "not enforced" in warning for warning in task["warnings"]), task
    finally:
        river.lab.run("n3", "mount", "-o", "remount,bind,rw", "/sys/fs/cgroup/memory")
        river.lab.run("n3", "systemctl", "restart", "hakuriver-runner.service")
    river.wait_online("n3")


# ---- ends and pauses ----------------------------------------------------------------------------------


def test_a_daemon_that_ignores_term_is_gone_after_kill(river: River, name: str):
    task_id = python(river, "n2", DAEMON, f"/tmp/{name}")
    wait_until(lambda: river.lab.code("n2", "test", "-s", f"/tmp/{name}") == 0, "the daemon runs")
    pid = river.lab.run("n2", "cat", f"/tmp/{name}")
    river.client("--kill", task_id)
    river.wait(task_id, "killed")
    assert river.lab.code("n2", "test", "-d", f"/proc/{pid}") == 1


def cpu_ticks(river: River, node: str, pid: str) -> int:
    fields = river.lab.run(node, "cat", f"/proc/{pid}/stat").rsplit(")", 1)[1].split()
    return int(fields[11]) + int(fields[12])


def test_a_paused_task_uses_no_cpu_time(river: River, name: str):
    task_id = river.submit("n2", f"echo $$ >/tmp/{name}; while :; do :; done")
    wait_until(lambda: river.lab.code("n2", "test", "-s", f"/tmp/{name}") == 0, "the task runs")
    pid = river.lab.run("n2", "cat", f"/tmp/{name}")
    river.wait(task_id, "running")
    river.client("pause", task_id)
    river.wait(task_id, "paused")
    before = cpu_ticks(river, "n2", pid)
    until = time.monotonic() + 1
    while time.monotonic() < until:
        assert cpu_ticks(river, "n2", pid) == before
    river.client("resume", task_id)
    river.wait(task_id, "running")
    wait_until(lambda: cpu_ticks(river, "n2", pid) > before, "it goes on")
    river.client("--kill", task_id)
    river.wait(task_id, "killed")


def test_systemd_and_the_bus_restart_in_mid_task(river: River, name: str):
    task_id = river.gated("n2", name)
    river.lab.run("n2", "systemctl", "daemon-reexec")
    river.lab.run("n2", "systemctl", "daemon-reload")
    river.lab.run("n2", "systemctl", "restart", "dbus.service")
    river.lab.run("n2", "systemctl", "restart", "hakuriver-runner.service")
    river.wait_online("n2")
    river.wait(river.submit("n2", "true"), "completed")  # and new ones start
    river.open_gate(name)
    river.check_ended_with_7(task_id, name)


# ---- what a node lacks -----------------------------------------------------------------------------


@pytest.fixture
def changed_runner(lab: Lab) -> Iterator:
    """Adds lines to the runner's unit on n3 until the test is over."""
    folder = "/etc/systemd/system/hakuriver-runner.service.d"

    def restart() -> None:
        lab.run("n3", "systemctl", "daemon-reload")
        lab.run("n3", "systemctl", "restart", "hakuriver-runner.service")

    def change(*lines: str) -> None:
        lab.run("n3", "mkdir", "-p", folder)
        lab.run("n3", "sh", "-c", 'printf "%s\\n" "$@" >$0', f"{folder}/test.conf", "[Service]", *lines)
        restart()

    yield change
    lab.run("n3", "rm", "-rf", folder)
    restart()


def offers_of(river: River, node: str) -> dict[str, dict]:
    return {offer["name"]: offer for offer in river.nodes()[node]["executors"]}


@pytest.fixture(scope="module")
def both(lab: Lab) -> Iterator[River]:
    """HakuRiver with every executor for tasks outside containers."""
    with River(lab, "systemd", "process") as river:
        yield river


def test_without_systemd_tasks_run_as_processes_and_the_node_says_so(both: River, changed_runner):
    changed_runner("TemporaryFileSystem=/run")
    wait_until(lambda: not offers_of(both, "n3")["systemd"]["available"], "the runner has no systemd", 30)
    assert offers_of(both, "n3")["systemd"]["problem"] == "systemd does not run this machine"
    both.wait(both.submit("n3", "cat /proc/self/cgroup"), "completed")
    journal = both.lab.run("n3", "journalctl", "-u", "hakuriver-runner.service", "--no-pager")
    assert "executor not offered executor=systemd" in journal and "systemd does not run this machine" in journal
    assert "executor offered executor=process" in journal


def test_where_systemd_asks_for_a_password_nothing_is_placed(lab: Lab, changed_runner):
    lab.run("n3", "sh", "-c", "id plain 2>/dev/null || useradd -m plain")
    river = River(lab, "systemd")
    try:
        changed_runner("User=plain", "Environment=HOME=/home/plain", "StateDirectory=plain",
                       "ExecStartPre=+/bin/chown -R plain /var/lib/hakuriver")
        wait_until(lambda: not offers_of(river, "n3")["systemd"]["available"], "the runner has no right", 30)
        problem = offers_of(river, "n3")["systemd"]["problem"]
        assert problem.startswith("the runner is not root, sudo asks for a password or does not allow it"), problem
        assert problem in river.refusal("--target", "n3", "--", "true")
        task = river.wait(river.client("--", "true")["task_ids"][0], "completed")
        assert task["assigned_node"] in ("n1", "n2")
    finally:
        river.close()


# ---- GPUs -------------------------------------------------------------------------------------------

GPU_LIBRARY = BIN.parent / "nvml_double" / "libnvidia-ml.so.1"
# Files of NVIDIA's numbers without a driver behind them: who may open one learns that there is none.
MAKE_GPUS = """
mkdir -p /run/nvidia && mount -t tmpfs none /proc/driver
for i in 0 1; do
    mknod -m 666 /dev/nvidia$i c 195 $i
    mkdir -p /proc/driver/nvidia/gpus/0000:1$i:00.0
    echo "Device Minor: $i" >/proc/driver/nvidia/gpus/0000:1$i:00.0/information
    echo "gpu uuid=GPU-n3-$i bus=1$i" >>/run/nvidia/gpus
done
mknod -m 666 /dev/nvidiactl c 195 255
"""
OPEN = 'echo "$CUDA_VISIBLE_DEVICES"; for i in 0 1; do cat /dev/nvidia$i; done; :'


@pytest.mark.parametrize("kind", ["systemd", "process"])
def test_a_task_can_use_its_own_gpus_only(lab: Lab, changed_runner, kind: str):
    if not GPU_LIBRARY.exists():
        pytest.skip(f"{GPU_LIBRARY} has not been built")
    river = River(lab, kind, files=(GPU_LIBRARY,))
    try:
        lab.run("n3", "sh", "-c", f"[ -e /run/nvidia/gpus ] || {{ {MAKE_GPUS} }}")
        changed_runner("Environment=LD_LIBRARY_PATH=/shared/bin HK_NVML_DOUBLE=/run/nvidia/gpus")
        wait_until(lambda: len(river.nodes()["n3"]["gpu_info"]) == 2, "the GPUs are seen", 30)
        task = river.wait(river.submit("n3::1", OPEN), "completed")
        assert river.output(task["task_id"]) == "GPU-n3-1\n"
        errors = (lab.shared / "task_errors" / f"{task['task_id']}.err").read_text()
        assert "/dev/nvidia1: No such device" in errors or "/dev/nvidia1: No such device or address" in errors, errors
        if kind == "systemd":
            assert "/dev/nvidia0: Operation not permitted" in errors, errors
        none = river.wait(river.submit("n3", OPEN), "completed")
        assert river.output(none["task_id"]) == "\n"
    finally:
        river.close()
