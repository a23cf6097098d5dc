"""A cluster with an engine of its own, an environment and a running task, and terminals in both."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cluster import BIN, Cluster
from container_lab import container_lab
from engine import Engine
from terminal import Terminal


class Lab:
    """A cluster with an engine; an environment "tools" and a task that runs in it."""

    def __init__(self, cluster: Cluster, engine: Engine) -> None:
        self.cluster = cluster
        self.engine = engine
        assert self.docker("create-container", "busybox:test", "tools").returncode == 0
        self.task = self.start_task()

    def docker(self, *words: str) -> subprocess.CompletedProcess:
        """hakuriver.docker WORDS."""
        return self.cluster.cli(*words, program="hakuriver.docker")

    def start_task(self, script: str = "sleep 1000", **fields) -> str:
        """A script in a container, running; its id."""
        task_id = self.cluster.shell(script, required_cores=0, **fields)
        self.cluster.wait(task_id, "running")
        return task_id

    def words(self, kind: str) -> list[str]:
        """What names the place of a terminal."""
        return ["tools"] if kind == "environment" else ["--task", self.task]

    def container(self, kind: str) -> str:
        """The engine's name of that place."""
        return "tools" if kind == "environment" else self.container_of(self.task)

    def container_of(self, task_id: str) -> str:
        """The engine's name of a task's container."""
        found = self.engine.docker("ps", "-q", "--filter", f"label=hakuriver.attempt={task_id}.1").stdout.decode().split()
        assert len(found) == 1, found
        return found[0]

    def processes(self, kind: str) -> list[str]:
        """What runs in that place."""
        top = self.engine.docker("top", self.container(kind), "-o", "pid,args")
        assert top.returncode == 0, top.stderr
        return [" ".join(line.split()[1:]) for line in top.stdout.decode().splitlines()[1:]]

    def shells(self, kind: str) -> str:
        """The engine's names of the shells in that place."""
        return self.engine.docker("inspect", "-f", "{{or .ExecIDs `[]`}}", self.container(kind)).stdout.decode().strip()

    @contextmanager
    def shell(self, *words: str, **more) -> Iterator[Terminal]:
        """hakuriver.docker-shell in a terminal of its own, with a prompt."""
        environment = self.cluster.environment | {"HAKURIVER_CONFIG": str(self.cluster.client_config)}
        terminal = Terminal([str(BIN / "hakuriver.docker-shell"), *words], environment, **more)
        try:
            yield terminal
        finally:
            terminal.close()

    def refused(self, *words: str) -> str:
        """What hakuriver.docker-shell says when there is no terminal; it must be one sentence and 125."""
        done = self.cluster.cli(*words, program="hakuriver.docker-shell")
        assert done.returncode == 125, (done.stdout, done.stderr)
        assert len(done.stderr.splitlines()) == 1, done.stderr
        return done.stderr


@contextmanager
def terminal_lab(folder: Path) -> Iterator[Lab]:
    """Everything running; ended and judged afterwards."""
    with container_lab(folder) as (cluster, engine):
        yield Lab(cluster, engine)
