"""HakuRiver installed on the nodes of a lab."""

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
executors = [{executors}]
[timing]
heartbeat_interval = {heartbeat}
heartbeat_timeout_factor = 4
cleanup_check_interval = 1
[docker]
default_container_name = ""
"""


class River:
    """HakuRiver installed in a lab: the Host on n1, a runner on each node."""

    def __init__(
        self, lab: Lab, *executors: str, more: str = "", files: tuple[Path, ...] = (), heartbeat: int = 1
    ) -> None:
        """`more` ends the config file, `files` go beside the executable."""
        self.lab = lab
        folder = lab.shared / "bin"
        folder.mkdir(exist_ok=True)
        # By a rename: an executable that runs cannot be written to.
        shutil.copy2(BIN / "hakuriver", folder / "new")
        (folder / "new").rename(folder / "hakuriver")
        for file in files:
            shutil.copy2(file, folder)
        for name in ("host", "runner", "client", "init", "docker", "docker-shell"):
            link = folder / f"hakuriver.{name}"
            link.unlink(missing_ok=True)
            link.symlink_to("hakuriver")
        config = CONFIG.replace("{executors}", ", ".join(f'"{name}"' for name in executors))
        config = config.replace("{heartbeat}", str(heartbeat))
        (lab.shared / "config.toml").write_text(config + more)
        for node in lab.names:
            lab.run(node, "mkdir", "-p", "/etc/hakuriver", "/var/lib/hakuriver")
            lab.run(node, "cp", "/shared/config.toml", "/etc/hakuriver/config.toml")
            lab.run(node, "/shared/bin/hakuriver.init", "service", "--all", "--config", "/etc/hakuriver/config.toml")
            lab.run(node, "systemctl", "daemon-reload")
        try:
            self.start()
        except BaseException:
            self.close()
            raise

    def start(self) -> None:
        """Starts all of it and waits until the nodes are online."""
        self.lab.run("n1", "systemctl", "start", "hakuriver-host.service")
        for node in self.lab.names:
            self.lab.run(node, "systemctl", "start", "hakuriver-runner.service")
        self.wait_online(*self.lab.names)

    def __enter__(self) -> River:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Stops it and takes its state away; what is installed stays."""
        for node in self.lab.names:
            self.lab.run(node, "systemctl", "stop", "hakuriver-runner.service")
        self.lab.run("n1", "systemctl", "stop", "hakuriver-host.service")
        for node in self.lab.names:
            self.lab.run(node, "rm", "-rf", "/var/lib/hakuriver")
        self.lab.run("n1", "sh", "-c", "rm -rf /shared/task_* /shared/t-*")

    def refusal(self, *words: str) -> str:
        """What hakuriver.client says of a submission that is refused."""
        done = self.lab.call("run", "n1", "/shared/bin/hakuriver.client", *words)
        assert done.returncode != 0, done.stdout
        return done.stderr

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


def skip_without_executable() -> None:
    """Skips where nothing was built."""
    if not (BIN / "hakuriver").exists():
        pytest.skip("$HAKURIVER_BIN/hakuriver is not there")
