"""HakuRiver on whole nodes: as systemd services, over a network that fails, through power failures."""

from __future__ import annotations

import pytest

from labs import Lab
from river import River, skip_without_executable
from waiting import wait_until


@pytest.fixture(scope="module", params=["process", "systemd"])
def river(lab: Lab, request) -> River:
    """HakuRiver with one kind of executor."""
    skip_without_executable()
    with River(lab, request.param) as river:
        offers = {offer["name"]: offer for offer in river.nodes()["n1"]["executors"]}
        if request.param not in offers:
            pytest.skip(f"this runner has no executor '{request.param}'")
        assert offers[request.param]["available"], offers
        yield river


@pytest.fixture
def name(request) -> str:
    """A name for the files of one test."""
    return "t-" + "".join(char if char.isalnum() else "-" for char in request.node.name)


def test_tasks_run_where_they_are_sent(river: River):
    for node in river.lab.names:
        task_id = river.submit(node, "hostname; id -u")
        assert river.wait(task_id, "completed")["assigned_node"] == node
        assert river.output(task_id) == f"{node}\n0\n"


def test_memory_limits_hold(river: River):
    script = "python3 -c 'x = bytearray(300_000_000); x[::4096] = b\"x\" * len(x[::4096])'"
    task_id = river.submit("n2", script, "--memory", "100M")
    assert river.wait(task_id, "killed_oom")["end_reason"] == "oom"


def test_a_task_outlives_a_restart_of_its_runner(river: River, name: str):
    task_id = river.gated("n2", name)
    river.lab.run("n2", "systemctl", "restart", "hakuriver-runner.service")
    river.wait_online("n2")
    river.open_gate(name)
    river.check_ended_with_7(task_id, name)


def test_a_task_outlives_a_stopped_runner(river: River, name: str):
    task_id = river.gated("n2", name)
    river.lab.run("n2", "systemctl", "stop", "hakuriver-runner.service")
    river.open_gate(name)
    river.wait(task_id, "lost")
    river.lab.run("n2", "systemctl", "start", "hakuriver-runner.service")
    river.check_ended_with_7(task_id, name)


def test_a_restart_of_the_host_is_not_noticed(river: River, name: str):
    task_id = river.gated("n3", name)
    river.lab.run("n1", "systemctl", "restart", "hakuriver-host.service")
    river.wait_online(*river.lab.names)
    river.open_gate(name)
    river.check_ended_with_7(task_id, name)


def test_kill_leaves_nothing_on_the_node(river: River, name: str):
    task_id = river.submit("n2", f"setsid sleep 7777 & trap '' TERM; touch /shared/{name}; sleep 7777; sleep 7777")
    wait_until((river.lab.shared / name).exists, "it runs")
    river.client("--kill", task_id)
    river.wait(task_id, "killed")
    assert river.lab.code("n2", "pgrep", "-f", "sleep 7777") == 1


def test_a_network_that_swallows_everything(river: River, name: str):
    task_id = river.gated("n2", name)
    river.lab.do("hole", "n2")
    river.wait(task_id, "lost")
    assert river.nodes()["n2"]["status"] == "offline"
    river.open_gate(name)
    river.lab.do("mend", "n2")
    river.check_ended_with_7(task_id, name)
    river.wait_online("n2")


def test_a_network_that_only_carries_one_way(river: River, name: str):
    task_id = river.gated("n2", name)
    river.lab.do("block", "n2", "n1")
    river.wait(task_id, "lost")
    river.lab.do("mend", "n2")
    river.wait(task_id, "running")
    river.open_gate(name)
    river.check_ended_with_7(task_id, name)


def test_a_network_that_loses_packets(river: River):
    river.lab.do("loss", "n3", "20")
    ids = [river.submit("n3", "exit 0") for _ in range(10)]
    for task_id in ids:
        river.wait(task_id, "completed", limit=90)
    river.lab.do("mend", "n3")


def test_a_power_failure_of_a_node(river: River, name: str):
    task_id = river.gated("n3", name)
    river.lab.do("kill", "n3")
    river.wait(task_id, "lost")
    river.lab.do("start", "n3")
    river.lab.run("n3", "systemctl", "start", "hakuriver-runner.service")
    task = river.wait(task_id, "failed")
    assert task["end_reason"] == "interrupted" and task["error_message"]
    assert (river.lab.shared / name).read_text() == "x\n"
    river.wait(river.submit("n3", "true"), "completed")


def test_a_power_failure_of_the_host(river: River, name: str):
    task_id = river.gated("n2", name)
    river.lab.do("kill", "n1")
    river.open_gate(name)
    river.lab.do("start", "n1")
    for unit in ("hakuriver-host.service", "hakuriver-runner.service"):
        river.lab.run("n1", "systemctl", "start", unit)
    river.check_ended_with_7(task_id, name)
    river.wait_online(*river.lab.names)
