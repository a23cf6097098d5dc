#!/usr/bin/env python3
"""How fast hakurun starts commands, and what a large sweep costs the Host, each beside its floor in the same run.

The real executables of $HAKURIVER_BIN (default: out/bin). hakurun runs 1,000 x true against `xargs -P2` and GNU
parallel; then a Host with three runners on loopback is given a sweep of 100,000 combinations while others submit.
"""

from __future__ import annotations

import statistics
import subprocess
import tempfile
import threading
import time
from pathlib import Path

from measuring import line, memory, seconds

from cluster import BIN, Cluster  # isort: skip

COMMANDS = 1000
ROUNDS = 3
COMBINATIONS = 100_000
NUMBERS = "\n".join(str(i) for i in range(1, COMMANDS + 1)) + "\n"


def best_of(*commands: list[str]) -> list[float]:
    """The best time of each, in turns, so that whatever else this machine does meets all of them."""

    def run(command: list[str]) -> float:
        return seconds(lambda: subprocess.run(command, input=NUMBERS, text=True, check=True, capture_output=True))

    rounds = [[run(command) for command in commands] for _ in range(ROUNDS)]
    return [min(times) for times in zip(*rounds, strict=True)]


def measure_hakurun() -> None:
    ours, xargs, parallel = best_of(
        [str(BIN / "hakurun"), "--parallel", "2", "true", f"span:{{1..{COMMANDS}}}"],
        ["xargs", "-P2", "-n1", "true"],
        ["parallel", "--will-cite", "-j2", "true"],
    )
    line(f"{COMMANDS} x true, hakurun --parallel 2", f"{ours:.2f} s", f"xargs -P2: {xargs:.2f} s",
         f"{ours / xargs:.2f} x (aim 1.5 x)")
    line("", "", f"GNU parallel -j2: {parallel:.2f} s", f"{ours / parallel:.2f} x (aim below 1 x)")


class Others:
    """Somebody else who submits one task after another, and how long each submission took."""

    def __init__(self, cluster: Cluster) -> None:
        self.times: list[float] = []
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._submit, args=(cluster,))

    def _submit(self, cluster: Cluster) -> None:
        while not self._done.is_set():
            self.times.append(seconds(lambda: cluster.submit("true", targets=["n1"])))
            time.sleep(0.002)

    def __enter__(self) -> Others:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()


def measure_sweep(cluster: Cluster) -> None:
    with Others(cluster) as alone:
        time.sleep(2)
    before = memory(cluster.host.pid, "VmRSS")
    command = [str(BIN / "hakuriver"), "submit", "-q", "--cores", "4", "--", "sleep", f"span:{{1..{COMBINATIONS}}}"]
    environment = cluster.environment | {"HAKURIVER_CONFIG": str(cluster.client_config)}
    with Others(cluster) as meanwhile:
        time.sleep(0.2)
        spent = seconds(lambda: subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=environment))
        time.sleep(0.2)
    line(f"a sweep of {COMBINATIONS:,} combinations is accepted", f"{spent:.2f} s", "", "(aim 5 s)")
    slowest, usual = max(meanwhile.times), statistics.median(alone.times)
    line("  other submissions meanwhile: the slowest", f"{slowest * 1e3:.0f} ms",
         f"alone: {usual * 1e3:.1f} ms, slowest {max(alone.times) * 1e3:.0f} ms",
         f"{(slowest - usual) * 1e3:.0f} ms later (aim 50 ms)")
    peak = memory(cluster.host.pid, "VmHWM") - before
    line("  memory of the Host for it", f"{memory(cluster.host.pid, 'VmRSS') - before:.0f} MB", f"at most {peak:.0f} MB",
         f"{peak * 1e6 / COMBINATIONS:.0f} bytes a task")


def main() -> None:
    measure_hakurun()
    with tempfile.TemporaryDirectory(prefix="hk-bench-") as folder:
        cluster = Cluster(Path(folder) / "c", runners=3)
        try:
            cluster.start()
            measure_sweep(cluster)
        finally:
            cluster.close()


if __name__ == "__main__":
    main()
