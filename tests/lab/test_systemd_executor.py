"""The systemd executor on a node of its own: its C++ tests run there, where systemd is PID 1."""

from __future__ import annotations

import os
import shutil
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from pathlib import Path

import pytest

from labs import Lab

PROGRAM = Path(os.environ.get("HAKURIVER_BIN", "/nonexistent")) / "systemd_test"


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """One node without a container engine, with the test program in /shared."""
    if os.geteuid() != 0:
        pytest.skip("the lab makes namespaces and cgroups, which needs root")
    if not PROGRAM.exists():
        pytest.skip(f"{PROGRAM} has not been built")
    folder = tmp_path_factory.mktemp("systemd")
    lab = Lab(folder / "lab", 1, LAB_TAG="hksd", LAB_NET="10.79.0", LAB_DOCKER="0")
    try:
        shutil.copy(PROGRAM, lab.shared)
        yield lab
    finally:
        lab.close()


def failures(report: str) -> list[str]:
    """What doctest's XML says about each failed case."""
    root = ElementTree.fromstring(report[report.index("<?xml"):])
    return [
        f"{case.get('name')}: " + "; ".join("".join(part.itertext()).strip() for part in case.iter("Expression"))
        for case in root.iter("TestCase")
        if (result := case.find("OverallResultsAsserts")) is not None and result.get("test_case_success") == "false"
    ]


def test_as_root(node: Lab):
    done = node.call("run", "n1", "/shared/systemd_test", "--reporters=xml", "--out=/shared/report.xml")
    report = (node.shared / "report.xml").read_text()
    assert failures(report) == [] and done.returncode == 0, done.stdout + done.stderr
    assert report.count("<TestCase ") >= 15
    assert "skipped:" not in report


def test_nothing_is_left_of_any_task(node: Lab):
    assert node.run("n1", "systemctl", "list-units", "--all", "--no-legend", "--plain", "hakuriver-task-*") == ""
    assert node.code("n1", "pgrep", "-f", "hakuriver|keeper-") == 1


def test_without_systemd_it_is_not_offered(node: Lab):
    done = node.call("run", "n1", "unshare", "-m", "sh", "-c", "mount -t tmpfs none /run && exec /shared/systemd_test")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "skipped: systemd does not run this machine" in done.stdout
