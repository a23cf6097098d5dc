"""HakuRiver on whole nodes: as systemd services, over a network that fails, through power failures."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest

from labs import Lab
from waiting import wait_until

BIN = Path(os.environ.get("HAKURIVER_BIN", "/nonexistent"))
FINAL = {"completed", "failed", "killed", "killed_oom"}
CONFIG = """
[network]
host_bind_ip = "0.0.0.0"
host_reachable_address = "n1"
[paths]
shared_dir = "/shared"
local_temp_dir = "/var/tmp"
[database]
db_file = "/var/lib/hakuriver/cluster.db"
[host]
state_dir = "/var/lib/hakuriver/host"
[runner]
state_dir = "/var/lib/hakuriver/runner"
executors = [{executor}]
[timing]
heartbeat_interval = 1
heartbeat_timeout_factor = 4
cleanup_check_interval = 1
[docker]
default_container_name = ""
"""


class River:
    """HakuRiver installed in a lab: the Host on n1, a runner on each node."""

    def __init__(self, lab: Lab, executor: str) -> None:
        self.lab = lab
        folder = lab.shared / "bin"
        folder.mkdir(exist_ok=True)
        # By a rename: an executable that runs cannot be written to.
        shutil.copy2(BIN / "hakuriver", folder / "new")
        (folder / "new").rename(folder / "hakuriver")
        for name in ("host", "runner", "client", "init"):
            link = folder / f"hakuriver.{name}"
            link.unlink(missing_ok=True)
            link.symlink_to("hakuriver")
        (lab.shared / "config.toml").write_text(CONFIG.replace("{executor}", f'"{executor}"'))
        for node in lab.names:
            lab.run(node, "mkdir", "-p", "/etc/hakuriver", "/var/lib/hakuriver")
            lab.run(node, "cp", "/shared/config.toml", "/etc/hakuriver/config.toml")
            lab.run(node, "/shared/bin/hakuriver.init", "service", "--all", "--config", "/etc/hakuriver/config.toml")
            lab.run(node, "systemctl", "daemon-reload")
        lab.run("n1", "systemctl", "start", "hakuriver-host.service")
        for node in lab.names:
            lab.run(node, "systemctl", "start", "hakuriver-runner.service")
        self.wait_online(*lab.names)

    def close(self) -> None:
        """Stops it and takes its state away; what is installed stays."""
        for node in self.lab.names:
            self.lab.run(node, "systemctl", "stop", "hakuriver-runner.service")
        self.lab.run("n1", "systemctl", "stop", "hakuriver-host.service")
        for node in self.lab.names:
            self.lab.run(node, "rm", "-rf", "/var/lib/hakuriver")
        self.lab.run("n1", "sh", "-c", "rm -rf /shared/task_* /shared/t-*")

    def client(self, *words: str) -> object:
        """hakuriver.client --json on n1; what it printed."""
        done = self.lab.call("run", "n1", "/shared/bin/hakuriver.client", "--json", *words)
        assert done.returncode == 0, (words, done.stdout, done.stderr)
        return json.loads(done.stdout)

    def nodes(self) -> dict[str, dict]:
        """The nodes by name; empty while the Host does not answer."""
        done = self.lab.call("run", "n1", "/shared/bin/hakuriver.client", "--json", "--list-nodes")
        return {node["hostname"]: node for node in json.loads(done.stdout)["nodes"]} if done.returncode == 0 else {}

    def wait_online(self, *names: str) -> None:
        """Waits until these nodes are online."""
        wait_until(lambda: all(self.nodes().get(name, {}).get("status") == "online" for name in names),
                   f"{names} are online", 60)

    def submit(self, node: str, script: str, *options: str) -> str:
        """A shell script as a task on a node; its id."""
        return self.client("--target", node, *options, "--", "sh", "-c", script)["task_ids"][0]

    def wait(self, task_id: str, *states: str, limit: float = 60) -> dict:
        """Waits until the task is in one of these states."""
        task: dict = {}

        def reached() -> bool:
            nonlocal task
            task = self.client("--status", task_id)
            assert task["status"] in states or task["status"] not in FINAL, task
            return task["status"] in states

        wait_until(reached, f"task {task_id} is {states}", limit)
        return task

    def output(self, task_id: str) -> str:
        """What a task has written."""
        return (self.lab.shared / "task_outputs" / f"{task_id}.out").read_text()

    def gated(self, node: str, name: str) -> str:
        """A task that notes its start, runs until its gate is opened and ends with 7."""
        task_id = self.submit(node, f"echo x >>/shared/{name}; while [ ! -e /shared/{name}-gate ]; do sleep 0.05; done; exit 7")
        self.wait(task_id, "running")
        wait_until((self.lab.shared / name).exists, "the task runs")
        return task_id

    def open_gate(self, name: str) -> None:
        """Lets the task of this name end."""
        (self.lab.shared / f"{name}-gate").touch()

    def check_ended_with_7(self, task_id: str, name: str) -> None:
        """It ran once and its code has arrived."""
        task = self.wait(task_id, "failed")
        assert (task["exit_code"], task["end_reason"], task["attempt"]) == (7, "exited", 1), task
        assert (self.lab.shared / name).read_text() == "x\n"


@pytest.fixture(scope="module", params=["process", "systemd"])
def river(lab: Lab, request) -> River:
    """HakuRiver with one kind of executor."""
    if not (BIN / "hakuriver").exists():
        pytest.skip("$HAKURIVER_BIN/hakuriver is not there")
    river = River(lab, request.param)
    offers = {offer["name"]: offer for offer in river.nodes()["n1"]["executors"]}
    if request.param not in offers:
        river.close()
        pytest.skip(f"this runner has no executor '{request.param}'")
    assert offers[request.param]["available"], offers
    yield river
    river.close()


@pytest.fixture
def name(request) -> str:
    """A name for the files of one test."""
    return "t-" + "".join(char if char.isalnum() else "-" for char in request.node.name)


def test_tasks_run_where_they_are_sent(river: River):
    for node in river.lab.names:
        task_id = river.submit(node, "hostname; id -u")
        assert river.wait(task_id, "completed")["assigned_node"] == node
        assert river.output(task_id) == f"{node}\n0\n"


def test_memory_limits_hold(river: River):
    script = "python3 -c 'x = bytearray(300_000_000); x[::4096] = b\"x\" * len(x[::4096])'"
    task_id = river.submit("n2", script, "--memory", "100M")
    assert river.wait(task_id, "killed_oom")["end_reason"] == "oom"


def test_a_task_outlives_a_restart_of_its_runner(river: River, name: str):
    task_id = river.gated("n2", name)
    river.lab.run("n2", "systemctl", "restart", "hakuriver-runner.service")
    river.wait_online("n2")
    river.open_gate(name)
    river.check_ended_with_7(task_id, name)


def test_a_task_outlives_a_stopped_runner(river: River, name: str):
    task_id = river.gated("n2", name)
    river.lab.run("n2", "systemctl", "stop", "hakuriver-runner.service")
    river.open_gate(name)
    river.wait(task_id, "lost")
    river.lab.run("n2", "systemctl", "start", "hakuriver-runner.service")
    river.check_ended_with_7(task_id, name)


def test_a_restart_of_the_host_is_not_noticed(river: River, name: str):
    task_id = river.gated("n3", name)
    river.lab.run("n1", "systemctl", "restart", "hakuriver-host.service")
    river.wait_online(*river.lab.names)
    river.open_gate(name)
    river.check_ended_with_7(task_id, name)


def test_kill_leaves_nothing_on_the_node(river: River, name: str):
    task_id = river.submit("n2", f"setsid sleep 7777 & trap '' TERM; touch /shared/{name}; sleep 7777; sleep 7777")
    wait_until((river.lab.shared / name).exists, "it runs")
    river.client("--kill", task_id)
    river.wait(task_id, "killed")
    assert river.lab.code("n2", "pgrep", "-f", "sleep 7777") == 1


def test_a_network_that_swallows_everything(river: River, name: str):
    task_id = river.gated("n2", name)
    river.lab.do("hole", "n2")
    river.wait(task_id, "lost")
    assert river.nodes()["n2"]["status"] == "offline"
    river.open_gate(name)
    river.lab.do("mend", "n2")
    river.check_ended_with_7(task_id, name)
    river.wait_online("n2")


def test_a_network_that_only_carries_one_way(river: River, name: str):
    task_id = river.gated("n2", name)
    river.lab.do("block", "n2", "n1")
    river.wait(task_id, "lost")
    river.lab.do("mend", "n2")
    river.wait(task_id, "running")
    river.open_gate(name)
    river.check_ended_with_7(task_id, name)


def test_a_network_that_loses_packets(river: River):
    river.lab.do("loss", "n3", "20")
    ids = [river.submit("n3", "exit 0") for _ in range(10)]
    for task_id in ids:
        river.wait(task_id, "completed", limit=90)
    river.lab.do("mend", "n3")


def test_a_power_failure_of_a_node(river: River, name: str):
    task_id = river.gated("n3", name)
    river.lab.do("kill", "n3")
    river.wait(task_id, "lost")
    river.lab.do("start", "n3")
    river.lab.run("n3", "systemctl", "start", "hakuriver-runner.service")
    task = river.wait(task_id, "failed")
    assert task["end_reason"] == "interrupted" and task["error_message"]
    assert (river.lab.shared / name).read_text() == "x\n"
    river.wait(river.submit("n3", "true"), "completed")


def test_a_power_failure_of_the_host(river: River, name: str):
    task_id = river.gated("n2", name)
    river.lab.do("kill", "n1")
    river.open_gate(name)
    river.lab.do("start", "n1")
    for unit in ("hakuriver-host.service", "hakuriver-runner.service"):
        river.lab.run("n1", "systemctl", "start", unit)
    river.check_ended_with_7(task_id, name)
    river.wait_online(*river.lab.names)
