"""A cluster whose Host and first node have a container engine of their own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cluster import Cluster
from engine import Engine
from waiting import wait_until


@contextmanager
def container_lab(folder: Path, **keys) -> Iterator[tuple[Cluster, Engine]]:
    """A Host and a runner that share one engine, and the default environment; all ended and judged afterwards."""
    with Engine(folder / "engine") as engine:
        engine.make_image("busybox:test")
        with Cluster(folder / "c", runners=1, docker__socket=str(engine.socket),
                     docker__initial_base_image="busybox:test", docker__default_container_name="base",
                     **keys) as cluster:
            for runner in list(cluster.runners):
                own = cluster.runner_keys(runner) | {"runner.executors": ["process", "docker"]}
                cluster.write_config(runner, own | {"docker.default_container_name": "base"})
            cluster.start()
            wait_until(lambda: environments(cluster).get("base", {}).get("versions"), "there is a default environment", 60)
            wait_until(lambda: executor(cluster, "docker")["available"], "the runner offers docker", 30)
            yield cluster, engine


def environments(cluster: Cluster) -> dict[str, dict]:
    return {each["name"]: each for each in cluster.api.get("/api/environments").json()["environments"]}


def executor(cluster: Cluster, name: str) -> dict:
    return next(each for each in cluster.node("n1")["executors"] if each["name"] == name)
