"""The systemd executor on a node of its own: its C++ tests run there, where systemd is PID 1."""

from __future__ import annotations

import os
import shutil
import tempfile
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from pathlib import Path

import pytest

from labs import Lab

PROGRAM = Path(os.environ.get("HAKURIVER_BIN", "/nonexistent")) / "systemd_test"


@pytest.fixture(scope="module")
def node() -> Iterator[Lab]:
    """One node without a container engine, with the test program in /shared."""
    if os.geteuid() != 0:
        pytest.skip("the lab makes namespaces and cgroups, which needs root")
    if not PROGRAM.exists():
        pytest.skip(f"{PROGRAM} has not been built")
    with tempfile.TemporaryDirectory(prefix="hk-systemd-") as folder:
        lab = Lab(Path(folder) / "lab", 1, LAB_TAG="hksd", LAB_NET="10.79.0", LAB_DOCKER="0")
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


def check(node: Lab, *words: str) -> str:
    """Runs the C++ tests in the node in this way; what they said about skipped cases."""
    done = node.call(*words, "/shared/systemd_test --reporters=xml --out=/tmp/report.xml; status=$?; cat /tmp/report.xml; exit $status")
    assert failures(done.stdout) == [] and done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
    assert done.stdout.count("<TestCase ") >= 18
    node.run("n1", "rm", "/tmp/report.xml")
    return "\n".join(line for line in done.stdout.splitlines() if "skipped" in line and "TestCase" not in line)


def test_as_root(node: Lab):
    assert "skipped:" not in check(node, "run", "n1", "sh", "-c")


def test_through_sudo(node: Lab):
    assert "skipped:" not in check(node, "user", "n1", "sh", "-c")


def test_with_the_users_own_systemd(node: Lab):
    """Where that has no say over limits, the executor must say so."""
    uid = node.run("n1", "sh", "-c", "useradd -m plain && id -u plain")
    node.run("n1", "systemctl", "start", f"user@{uid}.service")
    skipped = check(node, "run", "n1", "runuser", "-u", "plain", "--", "env", "-C", "/tmp", f"XDG_RUNTIME_DIR=/run/user/{uid}", "sh", "-c")
    limited = node.code("n1", "grep", "-q", "memory", f"/sys/fs/cgroup/user.slice/user-{uid}.slice/user@{uid}.service/cgroup.controllers")
    assert ("limits are not enforced" in skipped) == (limited != 0)


def test_nothing_is_left_of_any_task(node: Lab):
    assert node.run("n1", "systemctl", "list-units", "--all", "--no-legend", "--plain", "hakuriver-task-*") == ""
    assert node.code("n1", "pgrep", "-f", "hakuriver|keeper-") == 1


def test_without_systemd_it_is_not_offered(node: Lab):
    done = node.call("run", "n1", "unshare", "-m", "sh", "-c", "mount -t tmpfs none /run && exec /shared/systemd_test")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "skipped: systemd does not run this machine" in done.stdout
