"""A whole cluster on loopback: the real Host, real runners, real tasks, in a folder of its own."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from api import Api
from parts import STOP_LIMIT, Part, cgroups_in, end_all, processes_of, remove_cgroup
from waiting import wait_until

BIN = Path(os.environ.get("HAKURIVER_BIN", "/nonexistent"))
FINAL = {"completed", "failed", "killed", "killed_oom"}
READY_LIMIT = 30
TASK_LIMIT = 60
# Few and small, so that a test can fill a node.
CORES = 4
MEMORY = "2G"


def free_port() -> int:
    """A port that nobody listened on a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Cluster:
    """Owns every process and file of one cluster. `close` ends all and says what was wrong."""

    def __init__(self, folder: Path, runners: int = 3, **settings: Any) -> None:
        """`settings`: keys of the configuration ("timing.heartbeat_interval" as timing__heartbeat_interval)."""
        self.folder = folder
        self.shared = folder / "shared"
        self.port = free_port()
        self.api = Api(self.port)
        self.settings = {key.replace("__", "."): value for key, value in settings.items()}
        (folder / "home").mkdir(parents=True)
        self.shared.mkdir()
        self.environment = {
            key: value for key, value in os.environ.items() if key.endswith("SAN_OPTIONS") or key in ("PATH", "LANG")
        } | {"HOME": str(folder / "home"), "ASAN_SYMBOLIZER_PATH": os.environ.get("ASAN_SYMBOLIZER_PATH", "")}
        self.client_config = self.write_config("client", {})
        self.host = self.part("host", ["hakuriver.host", "--config", str(self.write_config("host", self.host_keys()))])
        self.runners: dict[str, Part] = {}
        for i in range(1, runners + 1):
            self.add_runner(f"n{i}")

    # ---- files -----------------------------------------------------------------------------------

    def host_keys(self) -> dict[str, Any]:
        """What only the Host is told."""
        return {"database.db_file": str(self.folder / "host" / "cluster.db"), "host.state_dir": str(self.folder / "host")}

    def runner_keys(self, name: str) -> dict[str, Any]:
        """What only this runner is told."""
        return {
            "runner.state_dir": str(self.folder / name),
            "paths.local_temp_dir": str(self.folder / name / "temp"),
            "runner.cores": CORES,
            "runner.memory": MEMORY,
            "runner.executors": ["process"],
        }

    def write_config(self, name: str, own: dict[str, Any]) -> Path:
        """A config file with what is common, the test's settings and what is this program's own."""
        keys = {
            "network.host_bind_ip": "127.0.0.1",
            "network.host_port": self.port,
            "network.host_reachable_address": "127.0.0.1",
            "paths.shared_dir": str(self.shared),
            "timing.heartbeat_interval": 1,
            "timing.cleanup_check_interval": 1,
            "docker.default_container_name": "",
        } | own | self.settings
        tables: dict[str, list[str]] = {}
        for key, value in keys.items():
            table, _, field = key.partition(".")
            tables.setdefault(table, []).append(f"{field} = {json.dumps(value)}")
        path = self.folder / f"{name}.toml"
        path.write_text("\n".join(f"[{table}]\n" + "\n".join(lines) + "\n" for table, lines in tables.items()))
        return path

    # ---- parts -----------------------------------------------------------------------------------

    def part(self, name: str, words: Sequence[str]) -> Part:
        """One of our programs, not started yet."""
        return Part(name, [str(BIN / words[0]), *words[1:]], self.folder / f"{name}.log", self.environment)

    def add_runner(self, name: str) -> Part:
        """A further runner, not started yet."""
        config = self.write_config(name, self.runner_keys(name))
        self.runners[name] = self.part(name, ["hakuriver.runner", "--name", name, "--config", str(config)])
        return self.runners[name]

    def start(self) -> Cluster:
        """Starts everything and waits until all nodes are online."""
        self.start_host()
        for runner in self.runners.values():
            runner.start()
        self.wait_online(*self.runners)
        return self

    def start_host(self) -> None:
        """Starts the Host and waits until it answers."""
        self.host.start()
        wait_until(self.host_answers, "the Host answers", READY_LIMIT)

    def host_answers(self) -> bool:
        """Whether the Host serves requests; fails at once when it has ended."""
        assert self.host.process.poll() is None, f"the Host ended: {self.host.tail()}"
        try:
            return self.api.get("/healthz").status == 200
        except OSError:
            return False

    def wait_online(self, *names: str) -> None:
        """Waits until these nodes are online."""
        wait_until(lambda: all(self.node(name).get("status") == "online" for name in names), f"{names} are online",
                   READY_LIMIT)

    def nodes(self) -> dict[str, dict]:
        """All nodes by name."""
        return {node["hostname"]: node for node in self.api.get("/api/nodes").json()["nodes"]}

    def node(self, name: str) -> dict:
        """One node; empty when the Host does not know it."""
        return self.nodes().get(name, {})

    def keepers(self, node: str) -> list[int]:
        """The processes that watch over the tasks of a node, the first of them the oldest."""
        state = f"{self.folder / node}/"
        running = processes_of(self.folder).items()
        return sorted(pid for pid, words in running if words.startswith(state) and "/keeper-" in words.split()[0])

    # ---- tasks -----------------------------------------------------------------------------------

    def submit(self, *words: str, **fields: Any) -> list[str]:
        """Submits a command; the ids of its tasks."""
        reply = self.try_submit(*words, **fields)
        assert reply.status == 202, reply.text()
        return reply.json()["task_ids"]

    def try_submit(self, *words: str, **fields: Any):
        """Submits a command; the Host's answer."""
        return self.api.post("/api/tasks", {"command": words[0], "arguments": list(words[1:])} | fields)

    def submit_one(self, *words: str, **fields: Any) -> str:
        """Submits a command that is one task; its id."""
        ids = self.submit(*words, **fields)
        assert len(ids) == 1
        return ids[0]

    def shell(self, script: str, **fields: Any) -> str:
        """Submits a shell script as one task; its id."""
        return self.submit_one("sh", "-c", script, **fields)

    def task(self, task_id: str) -> dict:
        """A task as the Host shows it."""
        return self.api.get(f"/api/tasks/{task_id}").json()

    def wait(self, task_id: str, *states: str, limit: float = TASK_LIMIT) -> dict:
        """Waits until the task is in one of these states (none: has ended). Any other end fails at once."""
        wanted = set(states) or FINAL
        seen: dict = {}

        def reached() -> bool:
            nonlocal seen
            seen = self.task(task_id)
            assert seen["status"] in wanted or seen["status"] not in FINAL, f"ended otherwise: {seen}"
            return seen["status"] in wanted

        wait_until(reached, f"task {task_id} is {' or '.join(wanted)}", limit)
        return seen

    def wait_all(self, ids: Sequence[str], limit: float = TASK_LIMIT) -> list[dict]:
        """Waits until all of them have ended."""
        return [self.wait(task_id, limit=limit) for task_id in ids]

    def run(self, *words: str, **fields: Any) -> dict:
        """Submits one task and waits for its end."""
        return self.wait(self.submit_one(*words, **fields))

    def output(self, task_id: str, stream: str = "stdout") -> str:
        """What a task has written."""
        return self.api.get(f"/api/tasks/{task_id}/{stream}").text()

    def counts(self) -> dict[str, int]:
        """How many tasks are in which state."""
        return {state: count for state, count in self.api.get("/api/cluster").json()["tasks"].items() if count}

    # ---- command line ----------------------------------------------------------------------------

    def cli(self, *words: str, program: str = "hakuriver.client", **more: Any) -> subprocess.CompletedProcess:
        """Runs one of the client programs to its end."""
        environment = self.environment | {"HAKURIVER_CONFIG": str(self.client_config)} | more.pop("env", {})
        return subprocess.run(
            [str(BIN / program), *words], capture_output=True, text=True, timeout=TASK_LIMIT, check=False,
            stdin=subprocess.DEVNULL, env=environment, **more,
        )

    def cli_json(self, *words: str, **more: Any) -> Any:
        """The JSON that `hakuriver.client --json` prints; it must be one value and the exit code 0."""
        done = self.cli("--json", *words, **more)
        assert done.returncode == 0, (done.stdout, done.stderr)
        return json.loads(done.stdout)

    # ---- the end ---------------------------------------------------------------------------------

    def check(self) -> list[str]:
        """What is wrong with any part now."""
        return [problem for part in [self.host, *self.runners.values()] for problem in part.check()]

    def close(self) -> list[str]:
        """Ends everything; what was wrong before or during that."""
        for part in [self.host, *self.runners.values()]:
            if part.process is not None and part.process.poll() is None:
                part.signal(signal.SIGCONT)
        problems = self.check()
        groups = cgroups_in(processes_of(self.folder).values())
        for part in [*self.runners.values(), self.host]:
            part.stop()
        problems += [problem for problem in self.check() if problem not in problems]
        # Tasks and their keepers outlive a runner on purpose; programs of ours that a test started do not.
        left = processes_of(self.folder)
        problems += [f"left behind: {pid} {words}" for pid, words in left.items() if words.startswith(str(BIN))]
        end_all(list(left))
        for folder in groups:
            wait_until(lambda folder=folder: remove_cgroup(folder), f"{folder} can be removed", STOP_LIMIT)
        wait_until(lambda: not processes_of(self.folder), "no process of the cluster is left", STOP_LIMIT)
        return problems

    def __enter__(self) -> Cluster:
        """Not started: whatever happens inside, also in `start`, no process stays."""
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        """Ends everything. What was wrong counts unless something else has failed already, which then has the logs."""
        problems = self.close()
        if kind is None:
            assert problems == []
        else:
            print(self.logs())

    def logs(self) -> str:
        """The ends of all logs, to be shown when a test failed."""
        return "\n".join(f"--- {part.log}\n{part.tail()}" for part in [self.host, *self.runners.values()])
