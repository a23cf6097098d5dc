#!/usr/bin/env python3
"""What tasks as systemd services cost, and what looking at GPUs and sensors costs a runner, beside their floors.

One node of the lab, whose PID 1 is systemd; the real executables of $HAKURIVER_BIN (default: out/bin). Needs root.
"""

# packages: test lab
from __future__ import annotations

import os
import tempfile
import time
from pathlib import Path

from measuring import ROOT, line, seconds

from labs import Lab  # isort: skip
from river import River  # isort: skip

TASKS = 200
GPUS = 8
SECONDS = 60
# As many at once as the node has cores, which is what HakuRiver does with tasks of one core.
FLOOR = f"seq {TASKS} | xargs -P$(nproc) -I% systemd-run --wait --quiet --collect true"
# The build of the measured executable has no double; any build of the tests does.
PLACES = [Path(os.environ["HAKURIVER_BIN"]).parent, ROOT / "build" / "dev", ROOT / "build" / "release"]
DOUBLES = [place / "nvml_double" / "libnvidia-ml.so.1" for place in PLACES]


def through_hakuriver(river: River) -> None:
    """From the submission to the end of the last."""
    words = ("--count", str(TASKS), "--cores", "1", "--wait", "--", "true")
    river.lab.run("n1", "/shared/bin/hakuriver.client", *words)  # fails when one of them does


def cpu_seconds(river: River) -> float:
    """Of the runner and the reader of its GPUs."""
    group = "system.slice/hakuriver-runner.service/cgroup.procs"
    text = river.lab.run("n1", "sh", "-c", f"for pid in $(cat /sys/fs/cgroup/systemd/{group} 2>/dev/null || "
                         f"cat /sys/fs/cgroup/{group}); do cat /proc/$pid/task/*/schedstat; done")
    return sum(int(part.split()[0]) for part in text.splitlines()) / 1e9


def share_of_a_core(river: River) -> float:
    before, begin = cpu_seconds(river), time.monotonic()
    time.sleep(SECONDS)
    return (cpu_seconds(river) - before) / (time.monotonic() - begin)


def make_gpus(river: River, library: Path) -> None:
    lines = "".join(f"gpu uuid=GPU-{i} bus=1{i} load=50 used=1000\nprocess {i} 1 100\n" for i in range(GPUS))
    (river.lab.shared / "gpus").write_text(lines)
    folder = "/etc/systemd/system/hakuriver-runner.service.d"
    river.lab.run("n1", "mkdir", "-p", folder)
    river.lab.run("n1", "sh", "-c", f'printf "%s\\n" "$@" >{folder}/gpus.conf', "-", "[Service]",
                  "Environment=LD_LIBRARY_PATH=/shared/bin HK_NVML_DOUBLE=/shared/gpus")
    river.lab.run("n1", "systemctl", "daemon-reload")
    river.lab.run("n1", "systemctl", "restart", "hakuriver-runner.service")


def bench_tasks(lab: Lab) -> None:
    river = River(lab, "systemd")
    try:
        through_hakuriver(river)  # warm
        ours, floor = [], []
        for _ in range(3):
            floor.append(seconds(lambda: lab.run("n1", "sh", "-c", FLOOR)))
            ours.append(seconds(lambda: through_hakuriver(river)))
        line(f"{TASKS} x true as systemd services", f"{TASKS / min(ours):.0f} tasks/s",
             f"systemd-run --wait: {TASKS / min(floor):.0f}/s", f"{min(floor) / min(ours):.1f} x (aim: not below 1)")
    finally:
        river.close()


def bench_polling(lab: Lab) -> None:
    library = next((each for each in DOUBLES if each.exists()), None)
    if library is None:
        return line("GPU and sensor polling", "-", "", "(needs ./dev build dev for the stand-in of NVML)")
    river = River(lab, "systemd", heartbeat=5, files=(library,))
    try:
        make_gpus(river, library)
        river.wait_online("n1")
        while len(river.nodes()["n1"]["gpu_info"]) != GPUS:
            time.sleep(0.2)
        line(f"runner at a 5 s heartbeat with {GPUS} GPUs, over {SECONDS} s",
             f"{share_of_a_core(river):.2%} of a core", "", "(aim 0.5 %)")
    finally:
        river.close()


def main() -> None:
    if os.geteuid() != 0:
        print("  skipped: the lab makes namespaces and cgroups, which needs root")
        return
    with tempfile.TemporaryDirectory(prefix="hk-bench-") as folder:
        lab = Lab(Path(folder) / "lab", 1, LAB_DOCKER="0")
        try:
            bench_tasks(lab)
            bench_polling(lab)
        finally:
            lab.close()


if __name__ == "__main__":
    main()
