#!/usr/bin/env python3
"""How fast tasks go through a whole cluster on this machine, each number beside its floor in the same run.

A Host and three runners on loopback, the real executables of $HAKURIVER_BIN (default: out/bin). Prints one line per
measurement: what, ours, the floor or the aim, the ratio.
"""

from __future__ import annotations

import sqlite3
import subprocess
import tempfile
import threading
import time
from pathlib import Path

from measuring import ROOT, line, memory, seconds

from cluster import BIN, Cluster  # isort: skip

TASKS = 1000


def xargs_rate() -> float:
    numbers = "\n".join(str(i) for i in range(TASKS))
    spent = seconds(
        lambda: subprocess.run(["xargs", "-P2", "-n1", "true"], input=numbers, text=True, check=True)
    )
    return TASKS / spent


def task_rate(cluster: Cluster) -> float:
    """Through submit to all completed."""

    def run() -> None:
        reply = cluster.api.post("/api/tasks", {"command": "true", "count": TASKS}).json()
        path = f"/api/batches/{reply['batch_id']}"
        while not (batch := cluster.api.get(path).json())["finished"]:
            time.sleep(0.005)
        assert batch["counts"] == {"completed": TASKS}, batch

    return TASKS / seconds(run)


def submit_rate(cluster: Cluster) -> tuple[float, float]:
    """Durable submissions that arrive together, each a request of its own: how many a second, and the slowest 1% in ms."""
    done = subprocess.run(
        ["wrk", "-t1", "-c16", "-d3s", "-s", str(ROOT / "bench" / "submit.lua"), f"http://127.0.0.1:{cluster.port}/api/tasks"],
        capture_output=True, text=True, check=True,
    )
    accepted, refused, spent, slow = done.stdout.strip().splitlines()[-1].split()
    assert refused == "0", done.stdout
    return int(accepted) / float(spent), float(slow)


def commit_rate(folder: Path) -> float:
    """What the disk and SQLite give to who commits one row at a time, as durably as the Host does."""
    database = sqlite3.connect(folder / "floor.db", isolation_level=None)
    database.executescript("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; CREATE TABLE t (id INTEGER PRIMARY KEY, text)")
    begin, count = time.perf_counter(), 0
    while time.perf_counter() - begin < 1:
        database.execute("INSERT INTO t (text) VALUES (?)", ("x" * 200,))
        count += 1
    database.close()
    return count


def batch_rate(cluster: Cluster, tasks: int = 10_000) -> tuple[float, list[float]]:
    """One request that makes many tasks, and how long other requests took meanwhile, the slowest last."""
    times: list[float] = []
    done = threading.Event()

    def ask() -> None:
        while not done.is_set():
            times.append(seconds(lambda: cluster.api.get("/api/nodes")))

    asking = threading.Thread(target=ask)
    asking.start()
    spent = seconds(
        lambda: cluster.api.post("/api/tasks", {"command": "true", "count": tasks, "required_cores": 1}).json()
    )
    done.set()
    asking.join()
    return tasks / spent, sorted(times)


def client_time(cluster: Cluster) -> float:
    command = [str(BIN / "hakuriver.client"), "--config", str(cluster.client_config), "--list-nodes"]
    return min(seconds(lambda: subprocess.run(command, check=True, capture_output=True)) for _ in range(20))


def restart_time(cluster: Cluster, queued: int) -> float:
    """From the start of a Host that has so many waiting tasks to its first answer."""
    cluster.host.kill()

    def start() -> None:
        cluster.host.start()
        while True:
            try:
                cluster.api.get("/healthz")
                return
            except OSError:
                time.sleep(0.002)

    spent = seconds(start)
    pending = cluster.api.get("/api/cluster").json()["tasks"].get("pending", 0)
    assert pending >= queued - 100, pending
    return spent


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="hk-bench-") as folder:
        cluster = Cluster(Path(folder) / "c", runners=3)
        try:
            cluster.start()
            idle_host = memory(cluster.host.pid)
            idle_runner = memory(cluster.runners["n1"].pid)
            task_rate(cluster)  # warm
            floor = xargs_rate()
            rate = max(task_rate(cluster) for _ in range(2))
            line(f"{TASKS} x true, submit to completed, three runners", f"{rate:.0f} tasks/s",
                 f"xargs -P2: {floor:.0f}/s", f"{rate / floor:.0%} (aim 60%)")
            spent = client_time(cluster)
            floor_spent = min(seconds(lambda: subprocess.run(["true"], check=True)) for _ in range(20))
            line("hakuriver.client --list-nodes, whole process", f"{spent * 1e3:.1f} ms",
                 f"true: {floor_spent * 1e3:.1f} ms", "(aim 10 ms)")
            line("resident, idle: Host", f"{idle_host:.1f} MB", "", "(aim 20 MB)")
            line("resident, idle: runner", f"{idle_runner:.1f} MB", "", "(aim 10 MB)")
            cluster.api.post("/api/tasks", {"command": "sleep", "arguments": ["600"], "required_cores": 4, "count": 3})
            submitted, slow = submit_rate(cluster)
            line("durable submissions, 16 clients", f"{submitted:.0f}/s",
                 f"SQLite, a commit each: {commit_rate(Path(folder)):.0f}/s", f"p99 {slow:.1f} ms (aim 3,000/s)")
            batch, others = batch_rate(cluster)
            line("10,000 tasks in one request", f"{batch:.0f} tasks/s",
                 f"other requests: p99 {others[len(others) * 99 // 100] * 1e3:.0f} ms, slowest {others[-1] * 1e3:.0f} ms",
                 "(aim 20,000/s, p99 50 ms)")
            queued = cluster.api.get("/api/cluster").json()["tasks"]["pending"]
            cluster.api.post("/api/tasks", {"command": "true", "count": 100_000 - queued, "required_cores": 1})
            line("Host restart with 100,000 queued", f"{restart_time(cluster, 100_000) * 1e3:.0f} ms", "",
                 "(aim 1,000 ms)")
        finally:
            cluster.close()


if __name__ == "__main__":
    main()
