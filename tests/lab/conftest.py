"""Fixtures of the tests that need whole nodes. Root, and the packages of group lab in tools/packages.txt."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "e2e")]
from labs import Lab  # noqa: E402


def in_new_lab(nodes: int) -> Iterator[Lab]:
    """A lab for as long as it is used."""
    if os.geteuid() != 0:
        pytest.skip("the lab makes namespaces and cgroups, which needs root")
    with tempfile.TemporaryDirectory(prefix="hk-lab-") as folder:
        lab = Lab(Path(folder) / "lab", nodes)
        try:
            yield lab
        finally:
            lab.close()


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    """Three nodes, for all tests of a file."""
    yield from in_new_lab(3)


@pytest.fixture(scope="module")
def image(lab: Lab) -> str:
    """A small image in the store of n1, and as /shared/image.tar; its name."""
    with tempfile.TemporaryDirectory() as folder:
        programs = Path(folder) / "bin"
        programs.mkdir()
        (programs / "busybox").write_bytes(Path("/bin/busybox").read_bytes())
        (programs / "busybox").chmod(0o755)
        names = subprocess.run(["/bin/busybox", "--list"], capture_output=True, text=True, check=True).stdout.split()
        for name in names:
            if name != "busybox":
                (programs / name).symlink_to("busybox")
        subprocess.run(["tar", "-C", folder, "-cf", str(lab.shared / "root.tar"), "."], check=True)
    lab.run("n1", "docker", "import", "-c", 'CMD ["sh"]', "/shared/root.tar", "small:1")
    lab.run("n1", "docker", "save", "-o", "/shared/image.tar", "small:1")
    return "small:1"
