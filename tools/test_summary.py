#!/usr/bin/env python3
"""Sums up a run of ./dev test from the files its stages left.

Reads DIR/stages.tsv (stage, exit status, seconds), DIR/STAGE*.xml (JUnit, from ctest, pytest and
vitest) and DIR/STAGE.skipped (a reason). Prints a row per stage, what was skipped and why, what
failed, and as the last line "N passed, N failed". The exit status is 0 only when nothing failed.
"""

from __future__ import annotations

import re
import sys
import xml.etree.ElementTree as ET
from dataclasses import dataclass, field
from pathlib import Path

# A unit test executable holds many cases and prints their number itself.
DOCTEST_CASES = re.compile(r"test cases:\s*\d+ \|\s*(\d+) passed \|\s*(\d+) failed")


@dataclass
class Stage:
    """The counts of one stage."""

    name: str
    seconds: int = 0
    passed: int = 0
    failures: list[str] = field(default_factory=list)
    skips: list[str] = field(default_factory=list)
    failed: int = 0


def main() -> int:
    """Prints the summary; 1 when anything failed or nothing ran."""
    results = Path(sys.argv[1])
    stages = [read_stage(results, line) for line in (results / "stages.tsv").read_text().splitlines()]
    print_report(stages)
    passed = sum(stage.passed for stage in stages)
    failed = sum(stage.failed for stage in stages)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


def read_stage(results: Path, line: str) -> Stage:
    """One row of stages.tsv with everything the stage left."""
    name, status, seconds = line.split("\t")
    stage = Stage(name, int(seconds))
    reason = results / f"{name}.skipped"
    if reason.exists():
        stage.skips.append("all: " + reason.read_text().strip())
    for report in sorted([*results.glob(f"{name}.xml"), *results.glob(f"{name}-*.xml")]):
        add_report(stage, report)
    if status != "0" and not stage.failed:
        stage.failed = 1
        stage.failures.append(f"the stage ended with status {status}: see its output above")
    if status == "0" and not stage.skips and not stage.failed and not stage.passed:
        stage.passed = 1  # a stage that is one check, with no cases of its own
    return stage


def add_report(stage: Stage, report: Path) -> None:
    """Adds the cases of one JUnit file."""
    try:
        cases = ET.parse(report).getroot().iter("testcase")
    except ET.ParseError as error:
        stage.failed += 1
        stage.failures.append(f"{report.name} cannot be read: {error}")
        return
    for case in cases:
        add_case(stage, case)


def add_case(stage: Stage, case: ET.Element) -> None:
    """Counts one case, or all the cases of a unit test executable."""
    name = ".".join(part for part in (case.get("classname"), case.get("name")) if part)
    skipped = case.find("skipped")
    if skipped is not None or case.get("status") in ("notrun", "disabled"):
        why = (skipped.get("message") if skipped is not None else None) or "not run"
        stage.skips.append(f"{name}: {why}")
        return
    inner = DOCTEST_CASES.search(case.findtext("system-out") or "")
    bad = case.find("failure") is not None or case.find("error") is not None
    if inner:
        stage.passed += int(inner[1])
        stage.failed += int(inner[2])
    elif not bad:
        stage.passed += 1
    if bad:
        stage.failures.append(name)
        if not inner or inner[2] == "0":
            stage.failed += 1  # died, or a sanitizer spoke after the cases


def print_report(stages: list[Stage]) -> None:
    """The table, then skips, then failures."""
    print(f"\n{'stage':<10} {'passed':>7} {'failed':>7} {'skipped':>8} {'seconds':>8}")
    for stage in stages:
        print(
            f"{stage.name:<10} {stage.passed:>7} {stage.failed:>7} {len(stage.skips):>8} {stage.seconds:>8}"
        )
    for stage in stages:
        for skip in stage.skips:
            print(f"skipped: {stage.name}: {skip}")
    for stage in stages:
        for failure in stage.failures:
            print(f"FAILED: {stage.name}: {failure}")


if __name__ == "__main__":
    sys.exit(main())
