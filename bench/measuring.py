"""What the measurements share: where the executables and the tests' clusters are, a stopwatch, and how a result is printed.

To be imported before `cluster` and its neighbours. $HAKURIVER_BIN says which executables (default: out/bin).
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
os.environ.setdefault("HAKURIVER_BIN", str(ROOT / "out" / "bin"))
sys.path[:0] = [str(ROOT / "tests" / "lab"), str(ROOT / "tests" / "e2e")]


def line(what: str, ours: str, beside: str, verdict: str) -> None:
    """Prints one measurement: what, ours, what it is compared with, the ratio and the aim."""
    print(f"  {what:<58} {ours:>18}   {beside:<44} {verdict}", flush=True)


def seconds(action: Callable[[], object]) -> float:
    """How long it takes."""
    begin = time.perf_counter()
    action()
    return time.perf_counter() - begin


def memory(pid: int, what: str = "VmRSS") -> float:
    """Memory of a process in MB: VmRSS now, VmHWM at its highest."""
    text = Path(f"/proc/{pid}/status").read_text()
    return int(next(part for part in text.splitlines() if part.startswith(what)).split()[1]) / 1000
