"""The lab as Python objects."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

LAB = Path(__file__).resolve().parent / "lab"
LIMIT = 120


class Lab:
    """A running lab. Commands in nodes are run to their end, with their output captured."""

    def __init__(self, folder: Path, nodes: int, **environment: str) -> None:
        self.environment = os.environ | {"LAB_DIR": str(folder)} | environment
        self.shared = folder / "shared"
        self.names = [f"n{i + 1}" for i in range(nodes)]
        try:
            self.do("up", str(nodes))
        except BaseException:
            self.close()  # some nodes may be up
            raise

    def call(self, *words: str, **more) -> subprocess.CompletedProcess:
        """lab WORDS, whatever its exit status."""
        return subprocess.run(
            [str(LAB), *words], capture_output=True, text=True, timeout=LIMIT, check=False, stdin=subprocess.DEVNULL,
            env=self.environment, **more,
        )

    def do(self, *words: str) -> str:
        """lab WORDS, which must succeed; its output."""
        done = self.call(*words)
        assert done.returncode == 0, f"lab {' '.join(words)}: {done.returncode}: {done.stdout}{done.stderr}"
        return done.stdout

    def run(self, node: str, *words: str) -> str:
        """Runs a command as root in a node; it must succeed. Its output without the last line end."""
        return self.do("run", node, *words).removesuffix("\n")

    def code(self, node: str, *words: str) -> int:
        """Runs a command as root in a node; its exit status, as a shell would tell it."""
        code = self.call("run", node, *words).returncode
        return code if code >= 0 else 128 - code

    def start(self, node: str, *words: str) -> subprocess.Popen:
        """Starts a command in a node and leaves it running."""
        return subprocess.Popen([str(LAB), "run", node, *words], env=self.environment, stdin=subprocess.DEVNULL)

    def reaches(self, source: str, target: str) -> bool:
        """Whether packets from one node come back from another."""
        return self.code(source, "ping", "-q", "-c", "2", "-i", "0.05", "-W", "1", target) == 0

    def close(self) -> None:
        """Takes the lab away."""
        self.do("down")
