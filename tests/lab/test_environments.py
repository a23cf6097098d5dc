"""Environments on whole nodes with image stores of their own, and dockerds that die at bad moments."""

from __future__ import annotations

import json
import re

import pytest

from labs import LAB, Lab
from river import River, skip_without_executable
from terminal import Terminal
from waiting import wait_until

ENVIRONMENTS = "hakuriver-containers"
MEGABYTE = 1_000_000
BULK_MB = 40
BIG_MB = 250


class Environments:
    """The command line for environments, and what the nodes have of them."""

    def __init__(self, river: River) -> None:
        self.river = river
        self.lab = river.lab
        self.folder = river.lab.shared / ENVIRONMENTS
        self.data = river.lab.shared / "shared_data"  # /shared in a container

    def docker(self, *words: str) -> str:
        """hakuriver.docker on n1, which must succeed."""
        return self.lab.run("n1", "/shared/bin/hakuriver.docker", *words)

    def shell(self, environment: str, *lines: str) -> None:
        """Types lines into hakuriver.docker-shell on n1; the shell ends with 3, and so must the program."""
        words = [str(LAB), "run", "n1", "/shared/bin/hakuriver.docker-shell", environment]
        terminal = Terminal(words, self.lab.environment)
        try:
            for number, line in enumerate(lines):
                terminal.type(f"{line} && echo line-$(({number} + 100))-done\n")
                terminal.wait_for(f"line-{number + 100}-done")
            terminal.type("exit 3\n")
            assert terminal.end() == 3, terminal.shown
        finally:
            terminal.close()

    def package(self, environment: str) -> str:
        """Packages it; its newest version."""
        self.docker("create-tar", environment)
        found = json.loads(self.docker("list-tars", "--json"))["environments"]
        return next(each for each in found if each["name"] == environment)["versions"][0]["version"]

    def gated(self, environment: str, node: str, gate: str, script: str = "true") -> str:
        """A task that notes its start, waits for its gate and ends with 7 after the script."""
        waiting = f"while [ ! -e /shared/{gate}-gate ]; do sleep 0.05; done"
        script = f"echo {node} >>/shared/{gate}; {waiting}; {script}; exit 7"
        return self.river.submit(node, script, "--container", environment)

    def started(self, gate: str) -> list[str]:
        """The nodes on which tasks with this gate have noted their start."""
        path = self.data / gate
        return sorted(path.read_text().split()) if path.exists() else []

    def open_gate(self, gate: str) -> None:
        """Lets them end."""
        (self.data / f"{gate}-gate").touch()

    def images(self, node: str) -> list[str]:
        """Every image of a node's engine by its tags; <none>:<none> is one without."""
        return sorted(self.lab.run(node, "docker", "images", "--format", "{{.Repository}}:{{.Tag}}").split())

    def layer_bytes(self) -> int:
        """What the layers in the shared folder take."""
        return sum(path.stat().st_size for path in (self.folder / "layers").glob("*.tar"))

    def read_by(self, node: str) -> int:
        """Bytes that the node's runner has read, from files and everywhere else."""
        pid = self.lab.run(node, "systemctl", "show", "-p", "MainPID", "--value", "hakuriver-runner.service")
        return int(re.search(r"rchar: (\d+)", self.lab.run(node, "cat", f"/proc/{pid}/io"))[1])

    def engine_pid(self, node: str) -> str:
        """The pid of a node's dockerd; "0" while there is none."""
        return self.lab.run(node, "systemctl", "show", "-p", "MainPID", "--value", "docker.service")

    def wait_engine(self, node: str) -> None:
        """Waits until a node's engine answers and its runner knows."""
        wait_until(lambda: self.lab.code(node, "docker", "version") == 0, f"dockerd of {node} answers", 60)

        def offered() -> bool:
            offers = self.river.nodes().get(node, {}).get("executors", [])
            return any(each["name"] == "docker" and each["available"] for each in offers)

        wait_until(offered, f"{node} offers docker", 60)

    def kill_engine(self, node: str) -> None:
        """Kills a node's dockerd alone, at once. systemd starts another."""
        before = self.engine_pid(node)
        assert before != "0"
        self.lab.run(node, "kill", "-KILL", before)
        wait_until(lambda: self.engine_pid(node) not in ("0", before), f"systemd starts dockerd of {node} again", 60)


@pytest.fixture(scope="module")
def world(lab: Lab, image: str) -> Environments:
    """Environments of which there are none yet: only n1 has an image, and that is no environment's."""
    skip_without_executable()
    with River(lab, "process", "docker") as river:
        world = Environments(river)
        for node in lab.names:
            world.wait_engine(node)
            assert world.images(node) == ([image] if node == "n1" else [])
        yield world


@pytest.fixture(scope="module")
def tools(world: Environments, image: str) -> str:
    """An environment with a program and some bulk, set up by hand and packaged; its name."""
    world.docker("create-container", image, "tools")
    world.shell(
        "tools",
        f"dd if=/dev/urandom of=/bulk bs=1000000 count={BULK_MB}",
        "printf '#!/bin/sh\\necho the first ü\\n' >/bin/tool",
        "chmod +x /bin/tool",
    )
    world.package("tools")
    return "tools"


def test_three_nodes_at_once_and_then_a_new_version(world: Environments, tools: str):
    nodes = world.lab.names
    ids = [world.gated(tools, node, "t-first", "tool") for node in nodes]
    wait_until(lambda: world.started("t-first") == nodes, "tasks run on three nodes at once", 120)
    world.open_gate("t-first")
    for task_id, node in zip(ids, nodes, strict=True):
        task = world.river.wait(task_id, "failed")
        assert (task["exit_code"], task["attempt"], task["assigned_node"]) == (7, 1, node), task
        assert world.river.output(task_id) == "the first ü\n"
    kept, read = world.layer_bytes(), {node: world.read_by(node) for node in nodes}
    assert kept > BULK_MB * MEGABYTE

    world.shell(tools, "echo 'echo and the second' >>/bin/tool", "dd if=/dev/urandom of=/more bs=1000000 count=1")
    version = world.package(tools)
    assert MEGABYTE < world.layer_bytes() - kept < 2 * MEGABYTE
    ids = [world.river.submit(node, "tool; ls -s /bulk", "--container", tools) for node in nodes]
    for task_id in ids:
        task = world.river.wait(task_id, "completed")
        assert task["environment_version"] == version
        assert world.river.output(task_id).startswith("the first ü\nand the second\n")
    for node in nodes[1:]:
        assert MEGABYTE < world.read_by(node) - read[node] < 4 * MEGABYTE, node
        assert world.images(node) == [f"hakuriver/{tools}:base"]


def test_a_dockerd_that_dies_during_a_sync(world: Environments, image: str):
    world.docker("create-container", image, "big")
    world.shell("big", f"dd if=/dev/urandom of=/bulk bs=1000000 count={BIG_MB}")
    world.package("big")
    task_id = world.river.submit("n2", "ls /bulk", "--container", "big")
    seen: list[str] = []

    def syncing() -> bool:
        seen.append(world.river.client("--status", task_id)["progress"])
        return re.fullmatch(r"syncing [0-9.]+ .?B of 25[0-9.]+ MB", seen[-1]) is not None

    wait_until(syncing, f"the task says how far the sync is: {seen}", 60)
    world.kill_engine("n2")
    assert world.river.client("--status", task_id)["status"] == "assigning", "the sync was over too soon"
    task = world.river.wait(task_id, "completed", limit=120)
    assert task["attempt"] == 1 and world.river.output(task_id) == "/bulk\n"
    assert "hakuriver/big:base" in world.images("n2") and "<none>:<none>" not in world.images("n2")


def test_a_dockerd_that_dies_ends_its_tasks_as_interrupted(world: Environments, tools: str):
    world.wait_engine("n2")
    task_id = world.gated(tools, "n2", "t-dies")
    wait_until(lambda: world.started("t-dies"), "the task runs")
    world.kill_engine("n2")
    task = world.river.wait(task_id, "failed")
    assert task["end_reason"] == "interrupted" and "engine" in task["error_message"], task
    world.wait_engine("n2")
    world.river.wait(world.river.submit("n2", "tool", "--container", tools), "completed")
    assert world.started("t-dies") == ["n2"]


def test_a_dockerd_with_live_restore_may_die_under_its_tasks(world: Environments, tools: str):
    keep_live(world.lab, "n3")
    world.wait_engine("n3")
    task_id = world.gated(tools, "n3", "t-lives")
    wait_until(lambda: world.started("t-lives"), "the task runs")
    world.kill_engine("n3")
    world.wait_engine("n3")
    assert world.river.client("--status", task_id)["status"] == "running"
    world.open_gate("t-lives")
    task = world.river.wait(task_id, "failed")
    assert (task["exit_code"], task["end_reason"], task["attempt"]) == (7, "exited", 1), task
    assert world.started("t-lives") == ["n3"]


def keep_live(lab: Lab, node: str) -> None:
    """Turns live-restore on, and starts the engine again with it."""
    script = ("import json, pathlib; path = pathlib.Path('/etc/docker/daemon.json');"
              "path.parent.mkdir(exist_ok=True); old = json.loads(path.read_text()) if path.exists() else {};"
              "path.write_text(json.dumps(old | {'live-restore': True}))")
    lab.run(node, "python3", "-c", script)
    lab.run(node, "systemctl", "restart", "docker.service")


def test_nothing_is_left_of_all_that(world: Environments) -> None:
    """The environments are deleted; then no node has anything of a task or of a transfer."""
    names = {each["name"] for each in json.loads(world.docker("list-tars", "--json"))["environments"]}
    for name in names:
        world.docker("delete-tar", "--yes", name)
        world.docker("delete-container", "--yes", name)
    for node in world.lab.names:
        # The containers of tasks go when the Host has said that it knows their end.
        wait_until(lambda node=node: world.lab.run(node, "docker", "ps", "-aq") == "", f"{node} has no container", 30)
        spool = f"/var/lib/hakuriver/runner/{node}/spool"
        wait_until(lambda node=node, spool=spool: world.lab.run(node, "ls", spool) == "", f"{node} has no attempt", 30)
        left = [tag for tag in world.images(node) if not re.fullmatch(r"hakuriver/(tools|big):base|small:1", tag)]
        assert left == [], node
        assert world.lab.run(node, "docker", "images", "-aq", "--filter", "dangling=true") == "", node
        # What loading and saving unpack into; newer engines leave an empty folder of another name there.
        assert world.lab.run(node, "find", "/var/lib/docker/tmp", "-name", "docker-*") == "", node
        assert world.lab.code(node, "pgrep", "-f", "containerd-shim|sleep infinity|/shared/.*-gate") == 1, node
    assert list((world.folder / "leases").iterdir()) == []
    wrong = [str(path) for path in world.folder.rglob("*") if path.is_file()
             and not re.fullmatch(r"(layers|layers/carried|trash)/[0-9a-z.-]+", str(path.relative_to(world.folder)))]
    assert wrong == [] and list(world.folder.rglob(".*")) == []
