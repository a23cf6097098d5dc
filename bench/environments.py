#!/usr/bin/env python3
"""What container tasks and moving environments cost, each number beside the same done by hand in the same run.

Wraps `environment_bench`, which does both on engines of its own (root, dockerd, busybox-static): a container task
against the bare Engine API doing the same create, start, wait and remove; and an environment of about 1 GB in several
layers, packaged and brought to a node, against commit + save + load of an equal container. Prints one line per
measurement: what, ours, the other way, the ratio and the aim.

    bench/environments.py [MEGABYTES] [TASKS]
"""

# built: environment_bench

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from measuring import ROOT, line

from engine import why_not  # isort: skip

BENCH = Path(os.environ.get("HAKURIVER_ENVIRONMENT_BENCH", ROOT / "build" / "release" / "bin" / "environment_bench"))
OURS = re.compile(
    r"(?P<what>\S.*), ours +(?P<total>[\d.]+) s  \(package (?P<package>[\d.]+) \+ sync (?P<sync>[\d.]+)\), "
    r"(?P<written>\d+) bytes written, (?P<read>\d+) read"
)
OTHER = re.compile(
    r"commit \+ save \+ load +(?P<total>[\d.]+) s  \((?P<commit>[\d.]+) \+ (?P<save>[\d.]+) \+ (?P<load>[\d.]+)\), "
    r"(?P<bytes>\d+) bytes"
)
SAME = re.compile(r"load of the same +(?P<load>[\d.]+) s, (?P<bytes>\d+) bytes")
TASKS = re.compile(
    r"(?P<what>one at a time|four at once): +bare API +(?P<bare>[\d.]+) ms, ours +(?P<ours>[\d.]+) ms"
)


@dataclass
class Best:
    """The better of several rounds, for each side."""

    bare: float = float("inf")
    ours: float = float("inf")

    def take(self, found: re.Match[str]) -> None:
        """One more round."""
        self.bare = min(self.bare, float(found["bare"]))
        self.ours = min(self.ours, float(found["ours"]))


def show_move(ours: re.Match[str], other: re.Match[str], first: bool) -> None:
    """A version packaged and brought to the node, beside the same of an equal container by hand."""
    parts = f"commit + save + load: {float(other['total']):.2f} s"
    line(f"{ours['what']}: package + sync", f"{float(ours['package']):.2f} + {float(ours['sync']):.2f} s", parts,
         f"{float(other['total']) / float(ours['total']):.1f} times faster" + ("" if first else " (aim 5)"))
    if first:
        return
    read = int(ours["read"])
    line("  read by the node", f"{read / 1e6:.1f} MB", f"the other way: {int(other['bytes']) / 1e6:.0f} MB",
         f"{int(other['bytes']) / max(read, 1):.0f} times less (aim 20)")
    line("  written to shared storage", f"{int(ours['written']) / 1e6:.1f} MB", "the same", "")


def main() -> None:
    """Runs it and prints as it goes; the tasks come last, when all rounds are known."""
    if problem := why_not():
        print(f"  skipped: {problem}")
        return
    if not BENCH.exists():
        sys.exit(f"{BENCH} is not built; ./dev bench environments builds it")
    ours: re.Match[str] | None = None
    moves = 0
    tasks: dict[str, Best] = {}
    with subprocess.Popen([BENCH, *sys.argv[1:]], stdout=subprocess.PIPE, text=True) as process:
        for text in process.stdout or ():
            if found := OURS.match(text):
                ours = found
            elif (found := SAME.match(text)) and ours:
                line("first sync of everything", f"{float(ours['sync']):.2f} s",
                     f"load of the same: {float(found['load']):.2f} s",
                     f"{float(ours['sync']) / float(found['load']):.2f} times (aim 1.1)")
            elif (found := OTHER.match(text)) and ours:
                show_move(ours, found, first=moves == 0)
                moves += 1
            elif found := TASKS.match(text):
                tasks.setdefault(found["what"], Best()).take(found)
            else:
                sys.exit(f"{BENCH.name} said what is not understood here: {text}")
    for what, best in tasks.items():
        line(f"a container task, {what}", f"{best.ours:.0f} ms", f"bare Engine API: {best.bare:.0f} ms",
             f"{best.ours / best.bare - 1:+.0%} (aim +10%)")
    if process.returncode != 0:
        sys.exit(process.returncode)


if __name__ == "__main__":
    main()
