"""What a runner says when it starts on a machine that is not quite ready for it."""

from __future__ import annotations

import shutil

from cluster import Cluster
from waiting import wait_until


def offers(cluster: Cluster) -> list[dict]:
    return cluster.node("n1").get("executors", [])


def test_a_shared_folder_that_is_not_there_is_said_once_and_waited_for(cluster):
    """Nothing is placed on the node meanwhile, and a task says why it waits."""
    one: Cluster = cluster(runners=1, start=False)
    elsewhere = one.folder / "not-mounted"
    one.write_config("n1", one.runner_keys("n1") | {"runner.executors": ["process", "systemd"]})
    text = (one.folder / "n1.toml").read_text().replace(str(one.shared), str(elsewhere))
    (one.folder / "n1.toml").write_text(text)
    one.start()
    said = [line for line in one.runners["n1"].tail().splitlines() if str(elsewhere) in line]
    assert len(said) == 1 and "is not there" in said[0] and "paths.shared_dir" in said[0], said
    assert "process" in said[0].partition("not_offered=")[2], said
    assert not any(offer["available"] for offer in offers(one))
    waiting = one.submit_one("true")
    assert str(elsewhere) in one.cli("explain", waiting, program="hakuriver").stdout
    elsewhere.symlink_to(one.shared)
    assert one.wait(waiting)["status"] == "completed"


def test_a_shared_folder_that_goes_away_takes_the_node_out(cluster):
    one: Cluster = cluster(runners=1)
    shutil.rmtree(one.shared / "task_errors")
    wait_until(lambda: not offers(one)[0]["available"], "the runner sees it", 30)
    assert "has no folder task_errors" in offers(one)[0]["problem"]
    (one.shared / "task_errors").mkdir()
    wait_until(lambda: offers(one)[0]["available"], "the runner sees that it is back", 30)


def test_more_cores_than_there_are_and_a_relative_folder_are_warned_about(cluster):
    one: Cluster = cluster(runners=1, start=False, runner__cores=10_000, paths__shared_dir="shared")
    one.start()
    log = one.runners["n1"].tail()
    assert "runner.cores is 10000, but this machine has" in log
    assert f"paths.shared_dir is relative and means {one.shared} here" in log
