"""Nodes with GPUs that are made up: a stand-in for NVIDIA's library tells the real runner what a file says."""

from __future__ import annotations

from pathlib import Path

from cluster import BIN, Cluster

LIBRARY = BIN.parent / "nvml_double" / "libnvidia-ml.so.1"


def why_not() -> str:
    """Why no GPUs can be made up here; empty when they can."""
    return "" if LIBRARY.exists() else f"{LIBRARY} has not been built"


def gpu(number: int, node: str = "n1", **more: object) -> str:
    """A line of the file: a GPU with a uuid that names its node and number."""
    fields = {"uuid": f"GPU-{node}-{number}", "name": "NVIDIA_A100", "bus": f"{16 * (number + 1):x}", "used": 1000,
              "load": 37, "temp": 61} | more
    return "gpu " + " ".join(f"{key}={value}" for key, value in fields.items())


class Gpus:
    """What a node's driver says. Written anew, it is so from the next heartbeat on."""

    def __init__(self, cluster: Cluster, node: str) -> None:
        self.node = node
        self.file = cluster.folder / f"{node}.gpus"
        runner = cluster.runners[node]
        runner.environment = runner.environment | {
            "LD_LIBRARY_PATH": str(LIBRARY.parent), "HK_NVML_DOUBLE": str(self.file)
        }

    def say(self, *lines: str) -> None:
        """Replaces the file in one step: the library reads it at every call."""
        new = Path(f"{self.file}.new")
        new.write_text("driver 550.54.14\n" + "".join(f"{line}\n" for line in lines))
        new.rename(self.file)
