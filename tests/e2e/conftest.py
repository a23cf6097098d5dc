"""Fixtures of the end-to-end tests. They drive the executables in $HAKURIVER_BIN."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))
from cluster import BIN, Cluster  # noqa: E402

FAILED = pytest.StashKey[bool]()


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """Remembers a failure, so that the cluster can show its logs."""
    outcome = yield
    if outcome.get_result().failed:
        item.stash[FAILED] = True


def clusters(failed: Callable[[], bool]) -> Iterator[Callable[..., Cluster]]:
    """Makes clusters, and ends and judges them afterwards; their logs are shown when a test has `failed`."""
    if not (BIN / "hakuriver.host").exists():
        pytest.skip("$HAKURIVER_BIN/hakuriver.host is not there")
    made: list[Cluster] = []
    # A short path: unix sockets below it must stay under 108 bytes.
    with tempfile.TemporaryDirectory(prefix="hk-") as folder:

        def make(runners: int = 3, start: bool = True, **settings) -> Cluster:
            one = Cluster(Path(folder) / str(len(made)), runners, **settings)
            made.append(one)
            return one.start() if start else one

        yield make
        problems = []
        for one in made:
            problems += one.close()
            if problems or failed():
                print(one.logs())
        if problems:
            pytest.fail("\n".join(problems), pytrace=False)


@pytest.fixture
def cluster(request) -> Iterator[Callable[..., Cluster]]:
    """Makes clusters: cluster(runners=3, timing__heartbeat_interval=2). All are running when the test gets them.

    At the end: no part has ended by itself, none is left behind, no log holds a sanitizer's report.
    """
    yield from clusters(lambda: request.node.stash.get(FAILED, False))


@pytest.fixture(scope="module")
def shared_cluster(request) -> Iterator[Callable[..., Cluster]]:
    """The same for all tests of a file: for those that change nothing."""
    yield from clusters(lambda: request.session.testsfailed > 0)


@pytest.fixture
def one(cluster) -> Cluster:
    """A cluster of one node, for what needs no second."""
    return cluster(runners=1)
