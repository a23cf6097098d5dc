"""Nothing accepted is lost, nothing runs twice, and the true exit code arrives, whichever process dies and when."""

from __future__ import annotations

import random
import signal
import sqlite3
from collections import Counter
from pathlib import Path

import pytest

from cluster import Cluster
from parts import end_all, is_alive, processes_of
from waiting import wait_until

SEED = 20260514


def ledger(cluster: Cluster) -> Counter:
    """How often each task has run: every run appends a line."""
    file = cluster.shared / "ledger"
    return Counter(file.read_text().split()) if file.exists() else Counter()


def submit_lines(cluster: Cluster, count: int, seconds: float = 0.02) -> list[str]:
    """Tasks of which each appends its id to the ledger once and ends with its id modulo 7."""
    script = f'echo "$HAKURIVER_TASK_ID" >>{cluster.shared}/ledger; sleep {seconds}; exit $((HAKURIVER_TASK_ID % 7))'
    return cluster.submit("sh", "-c", script, count=count, required_cores=1)


def check_all_ran_once(cluster: Cluster, ids: list[str]) -> None:
    """Waits for the end of all, then compares with the ledger and the exit codes."""
    tasks = cluster.wait_all(ids, limit=120)
    assert ledger(cluster) == Counter(ids)
    wrong = [task for task in tasks if task["exit_code"] != int(task["task_id"]) % 7]
    assert not wrong, wrong
    assert {task["attempt"] for task in tasks} == {1}


def gated(cluster: Cluster, ending: str = "exit 7") -> tuple[str, Path]:
    """A task that runs until its gate is opened, and then ends as told; returned when it runs."""
    gate = cluster.folder / "gate"
    started = cluster.folder / "started"
    task_id = cluster.shell(f"echo x >>{started}; while [ ! -e {gate} ]; do sleep 0.01; done; echo done; {ending}")
    cluster.wait(task_id, "running")
    wait_until(started.exists, "the task runs")
    return task_id, gate


def check_ended_with_7(cluster: Cluster, task_id: str) -> None:
    """It ran once and its code has arrived."""
    task = cluster.wait(task_id, "failed")
    assert (task["exit_code"], task["end_reason"], task["attempt"]) == (7, "exited", 1)
    assert (cluster.folder / "started").read_text() == "x\n"
    assert cluster.output(task_id) == "done\n"


# ---- one part dies ---------------------------------------------------------------------------------


def test_a_task_outlives_a_killed_runner(one: Cluster):
    task_id, gate = gated(one)
    one.runners["n1"].kill()
    one.runners["n1"].start()
    one.wait_online("n1")
    assert one.wait(task_id, "running")["attempt"] == 1
    gate.touch()
    check_ended_with_7(one, task_id)


def test_a_task_that_ends_while_its_runner_is_down_is_reported(one: Cluster):
    task_id, gate = gated(one)
    one.runners["n1"].kill()
    gate.touch()
    wait_until(lambda: not any("started" in words for words in processes_of(one.folder).values()), "the task has ended")
    one.runners["n1"].start()
    check_ended_with_7(one, task_id)


def test_a_task_outlives_a_runner_that_is_stopped_kindly(one: Cluster):
    task_id, gate = gated(one)
    one.runners["n1"].stop()
    one.runners["n1"].start()
    one.wait_online("n1")
    gate.touch()
    check_ended_with_7(one, task_id)


def test_a_task_outlives_a_killed_host(one: Cluster):
    task_id, gate = gated(one)
    one.host.kill()
    gate.touch()
    wait_until(lambda: not any("started" in words for words in processes_of(one.folder).values()), "the task has ended")
    one.start_host()
    check_ended_with_7(one, task_id)


def test_a_task_outlives_both(one: Cluster):
    task_id, gate = gated(one)
    one.runners["n1"].kill()
    one.host.kill()
    gate.touch()
    one.runners["n1"].start()
    one.start_host()
    check_ended_with_7(one, task_id)


@pytest.mark.parametrize("which", ["first", "last", "all"])
def test_a_task_outlives_its_keepers(one: Cluster, which):
    task_id, gate = gated(one)
    keepers = one.keepers("n1")
    assert len(keepers) >= 2, "one keeper, and one that watches the task"
    end_all({"first": keepers[:1], "last": keepers[-1:], "all": keepers}[which])
    gate.touch()
    if which != "all":
        check_ended_with_7(one, task_id)
        return
    # Nobody is left who could know its code: it must be over, once, and say so.
    task = one.wait(task_id, "failed")
    assert task["end_reason"] == "interrupted" and task["error_message"]
    assert (one.folder / "started").read_text() == "x\n"


def test_new_tasks_run_after_the_keeper_was_killed(one: Cluster):
    one.run("true")
    end_all(one.keepers("n1"))
    assert one.run("true")["status"] == "completed"


def test_a_task_can_be_killed_after_its_runner_came_back(one: Cluster):
    task_id, _ = gated(one)
    one.runners["n1"].kill()
    reply = one.api.post(f"/api/tasks/{task_id}/kill")
    assert reply.status == 202, reply.text()
    one.runners["n1"].start()
    one.wait(task_id, "killed")
    wait_until(lambda: not any("started" in words for words in processes_of(one.folder).values()), "nothing of it is left")


def test_a_paused_task_stays_paused_over_restarts(one: Cluster):
    task_id, gate = gated(one)
    assert one.api.post(f"/api/tasks/{task_id}/pause").status == 200
    one.runners["n1"].kill()
    one.host.kill()
    one.start_host()
    one.runners["n1"].start()
    one.wait_online("n1")
    assert one.wait(task_id, "paused")
    gate.touch()
    assert one.api.post(f"/api/tasks/{task_id}/resume").status == 200
    check_ended_with_7(one, task_id)


# ---- in the middle of much work -----------------------------------------------------------------------


def test_the_host_is_killed_again_and_again(cluster):
    three = cluster(runners=3)
    ids = submit_lines(three, 120)
    for share in (10, 40, 80):
        wait_until(lambda share=share: ledger(three).total() >= share, f"{share} tasks have run")
        three.host.kill()
        three.start_host()
    check_all_ran_once(three, ids)


def test_runners_are_killed_again_and_again(cluster):
    three = cluster(runners=3)
    ids = submit_lines(three, 120)
    for i, share in enumerate((5, 30, 60, 90)):
        wait_until(lambda share=share: ledger(three).total() >= share, f"{share} tasks have run")
        runner = three.runners[f"n{i % 3 + 1}"]
        runner.kill()
        runner.start()
    check_all_ran_once(three, ids)


def test_keepers_are_killed_in_the_middle(cluster):
    two = cluster(runners=2)
    ids = submit_lines(two, 60)
    wait_until(lambda: ledger(two).total() >= 10, "10 tasks have run")
    end_all(two.keepers("n1")[:1])
    check_all_ran_once(two, ids)


def test_anything_is_killed_at_any_time(cluster):
    three = cluster(runners=3)
    chance = random.Random(SEED)
    ids = submit_lines(three, 150)
    while ledger(three).total() < len(ids):
        before = ledger(three).total()
        part = chance.choice([three.host, *three.runners.values()])
        part.kill()
        if part is three.host:
            three.start_host()
        else:
            part.start()
        more = before + chance.randint(1, 15)
        wait_until(lambda more=more: ledger(three).total() >= min(more, len(ids)), f"{more} tasks have run")
    check_all_ran_once(three, ids)


def test_what_was_answered_is_kept_although_the_host_dies_at_once(cluster):
    one = cluster(runners=0)
    accepted = []
    for _ in range(5):
        accepted += [one.try_submit("true").json().get("task_ids", []) for _ in range(4)]
        one.host.kill()
        one.start_host()
    flat = [task_id for ids in accepted for task_id in ids]
    if not flat:
        pytest.skip("without a node nothing is accepted")
    assert len(set(flat)) == len(flat) == 20
    assert {task["task_id"] for task in one.api.get("/api/tasks").json()["tasks"]} == set(flat)


def test_ten_thousand_queued_tasks_survive_a_restart(one: Cluster):
    blocker = one.shell("sleep 1000", required_cores=4)
    one.wait(blocker, "running")
    reply = one.try_submit("true", count=10_000, required_cores=4)
    assert reply.status == 202
    one.host.kill()
    one.start_host()
    assert one.counts() == {"pending": 10_000, "running": 1}
    some = reply.json()["task_ids"][5000]
    assert one.task(some)["status"] == "pending"


# ---- silence ------------------------------------------------------------------------------------------


def test_a_silent_node_makes_its_tasks_lost_until_it_returns(cluster):
    one = cluster(runners=1, timing__heartbeat_timeout_factor=2)
    task_id, gate = gated(one)
    one.runners["n1"].signal(signal.SIGSTOP)
    task = one.wait(task_id, "lost")
    assert one.node("n1")["status"] == "offline" and task["exit_code"] is None
    one.runners["n1"].signal(signal.SIGCONT)
    one.wait(task_id, "running")
    gate.touch()
    check_ended_with_7(one, task_id)


def test_a_lost_task_that_has_ended_meanwhile_gets_its_true_end(cluster):
    one = cluster(runners=1, timing__heartbeat_timeout_factor=2)
    task_id, gate = gated(one)
    one.runners["n1"].kill()
    one.wait(task_id, "lost")
    gate.touch()
    one.runners["n1"].start()
    check_ended_with_7(one, task_id)


def test_a_host_that_is_slow_for_a_while_loses_nothing(cluster):
    two = cluster(runners=2, timing__heartbeat_timeout_factor=2)
    ids = submit_lines(two, 40)
    wait_until(lambda: ledger(two).total() >= 5, "some have run")
    two.host.signal(signal.SIGSTOP)
    # All that the nodes hold by now ends, and nobody takes the news.
    wait_until(lambda: not any("ledger" in words for words in processes_of(two.folder).values()), "the nodes are idle")
    two.host.signal(signal.SIGCONT)
    check_all_ran_once(two, ids)


# ---- two of a kind -----------------------------------------------------------------------------------


def test_two_hosts_on_one_database(one: Cluster):
    second = one.part("second", ["hakuriver.host", "--config", str(one.folder / "host.toml")])
    second.start()
    assert second.wait_for_end() not in (0, -signal.SIGABRT, -signal.SIGSEGV)
    assert str(one.folder) in second.tail() or "already" in second.tail() or "use" in second.tail()
    assert one.run("true")["status"] == "completed"


def test_two_runners_of_one_name(one: Cluster):
    config = one.write_config("twin", one.runner_keys("twin"))
    twin = one.part("twin", ["hakuriver.runner", "--name", "n1", "--config", str(config)])
    twin.start()
    wait_until(lambda: "n1" in twin.tail() and ("already" in twin.tail() or "another" in twin.tail()),
               "the second one is told why")
    assert one.run("true")["status"] == "completed"
    twin.signal(signal.SIGTERM)
    twin.wait_for_end()


def test_two_runners_on_one_state_folder(one: Cluster):
    other = one.part("other", ["hakuriver.runner", "--name", "n1", "--config", str(one.folder / "n1.toml")])
    other.start()
    assert other.wait_for_end() not in (0, -signal.SIGABRT, -signal.SIGSEGV)
    assert "already" in other.tail()
    assert is_alive(one.runners["n1"].pid)


# ---- the database -------------------------------------------------------------------------------------


def test_the_database_is_sound_after_kills(one: Cluster):
    ids = submit_lines(one, 30, 0)
    wait_until(lambda: ledger(one).total() >= 5, "some have run")
    one.host.kill()
    database = one.folder / "host" / "cluster.db"
    with sqlite3.connect(database) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
    one.start_host()
    check_all_ran_once(one, ids)


def test_a_damaged_database_is_refused_in_words(cluster):
    one = cluster(runners=0)
    one.host.stop()
    database = one.folder / "host" / "cluster.db"
    database.write_bytes(b"this is no database" * 1000)
    for suffix in ("-wal", "-shm"):
        Path(str(database) + suffix).unlink(missing_ok=True)
    one.host.start()
    code = one.host.wait_for_end()
    assert code not in (0, -signal.SIGABRT, -signal.SIGSEGV)
    assert str(database) in one.host.tail()
