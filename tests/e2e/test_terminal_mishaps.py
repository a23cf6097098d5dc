"""Parts that die, stop or hang while terminals are open, with a real engine and real terminals."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator

import pytest
from cluster import Cluster
from engine import why_not
from terminal_lab import Lab, terminal_lab
from waiting import wait_until

pytestmark = pytest.mark.skipif(why_not() != "", reason=why_not() or "never")


@pytest.fixture
def lab(tmp_path_factory) -> Iterator[Lab]:
    with terminal_lab(tmp_path_factory.mktemp("lab")) as one:
        yield one


def test_a_runner_that_dies_ends_the_terminal_and_not_the_task(lab: Lab):
    with lab.shell("--task", lab.task) as shell:
        shell.type("echo he''re; sleep 1003\n")
        shell.wait_for("here\r\n")
        lab.cluster.runners["n1"].kill()
        assert shell.end() == 125, shell.shown
        assert "the connection to the node n1 is lost" in shell.shown and "the task goes on" in shell.shown
    assert "n1" in lab.refused("--task", lab.task)
    lab.cluster.runners["n1"].start()
    lab.cluster.wait_online("n1")
    assert lab.cluster.task(lab.task)["status"] == "running"

    def opens_again() -> bool:
        with lab.shell("--task", lab.task) as again:
            again.type("exit 6\n")
            return again.end() == 6

    wait_until(opens_again, "a terminal opens again", 20)
    wait_until(lambda: "sleep 1003" not in lab.processes("task"), "what the old terminal left is gone", 20)


def stopped_parts(cluster: Cluster) -> list[tuple[str, Callable[[], None], str]]:
    """Which terminal, what is stopped, and what is said."""
    return [
        ("task", cluster.runners["n1"].stop, "the runner of the task's node stops"),
        ("environment", cluster.host.stop, "the Host stops"),
    ]


def test_a_part_that_is_stopped_ends_its_terminals_in_order(lab: Lab):
    for kind, stop, sentence in stopped_parts(lab.cluster):
        before = lab.processes(kind)
        with lab.shell(*lab.words(kind)) as shell:
            shell.type("echo he''re; sleep 1003\n")
            shell.wait_for("here\r\n")
            stop()
            assert shell.end() == 125, shell.shown
            assert sentence in shell.shown, shell.shown
        wait_until(lambda kind=kind, before=before: lab.processes(kind) == before, "no shell is left", 10)


def test_a_host_that_is_killed_leaves_no_shell(lab: Lab):
    with lab.shell("tools") as one, lab.shell("--task", lab.task) as two:
        for shell in (one, two):
            shell.type("echo he''re; sleep 1003\n")
            shell.wait_for("here\r\n")
        lab.cluster.host.kill()
        for shell in (one, two):
            assert shell.end() == 125, shell.shown
            assert "the connection to the Host is lost" in shell.shown
    wait_until(lambda: "sleep 1003" not in lab.processes("task"), "the runner has hung up its shell", 10)
    lab.cluster.start_host()
    wait_until(lambda: "sleep 1003" not in lab.processes("environment"), "the new Host has hung up the old one's", 20)


def test_a_runner_that_is_too_old_or_stuck_is_named(lab: Lab):
    lab.cluster.runners["n1"].signal(signal.SIGSTOP)
    try:
        reply = lab.cluster.api.get(f"/api/terminal/tasks/{lab.task}")
        assert reply.status == 503 and "the node n1 did not open a terminal within" in reply.error()["message"]
    finally:
        lab.cluster.runners["n1"].signal(signal.SIGCONT)
