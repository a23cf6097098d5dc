"""What waits, why, and who runs next: admission, placement, priorities, drains, batches, sweeps."""

from __future__ import annotations

import pytest

from cluster import CORES, Cluster
from waiting import wait_until


def gated(cluster: Cluster, name: str, **fields) -> str:
    """A task that notes its start and runs until the gate of its name is opened."""
    return cluster.shell(
        f"echo {name} >>{cluster.folder}/order; while [ ! -e {cluster.folder}/open-{name} ]; do sleep 0.01; done", **fields
    )


def open_gate(cluster: Cluster, name: str) -> None:
    """Lets the task of this name end."""
    (cluster.folder / f"open-{name}").touch()


def order(cluster: Cluster) -> list[str]:
    """The names of the tasks in the order in which they started."""
    return (cluster.folder / "order").read_text().split()


# ---- waiting --------------------------------------------------------------------------------------


def test_what_does_not_fit_waits_and_says_why_for_each_node(cluster):
    two = cluster(runners=2)
    holders = [gated(two, f"hold{i}", required_cores=CORES) for i in (1, 2)]
    for task_id in holders:
        two.wait(task_id, "running")
    waiting = two.shell("true", required_cores=2)
    task = two.task(waiting)
    assert task["status"] == "pending"
    assert "n1:" in task["waiting_reason"] and "n2:" in task["waiting_reason"]
    explanation = two.api.get(f"/api/tasks/{waiting}/explain").json()
    assert {verdict["node"] for verdict in explanation["nodes"]} == {"n1", "n2"}
    assert not any(verdict["fits"] for verdict in explanation["nodes"])
    assert all("core" in verdict["reason"] for verdict in explanation["nodes"])
    open_gate(two, "hold2")
    done = two.wait(waiting, "completed")
    assert done["assigned_node"] == two.task(holders[1])["assigned_node"]
    assert "does not wait" in two.api.get(f"/api/tasks/{waiting}/explain").json()["summary"]
    open_gate(two, "hold1")


def test_without_the_queue_it_is_refused_now(one: Cluster):
    one.wait(gated(one, "hold", required_cores=CORES), "running")
    reply = one.try_submit("true", no_queue=True)
    assert reply.status == 503
    assert reply.error()["code"] == "no_capacity" and "0 of 4 cores free" in reply.error()["message"]
    assert one.counts() == {"running": 1}


@pytest.mark.parametrize(
    "fields",
    [{"required_cores": CORES + 1}, {"required_memory_bytes": 3_000_000_000}, {"gpu_count": 1}, {"targets": ["n1:7"]},
     {"targets": ["n1::3"]}, {"targets": ["n9"]}],
)
def test_what_can_never_run_is_refused_at_once(one: Cluster, fields):
    reply = one.try_submit("true", **fields)
    assert reply.status in (400, 404, 422, 503), reply.text()
    assert reply.error()["message"]
    assert one.counts() == {}


def test_memory_is_reserved_like_cores(one: Cluster):
    one.wait(gated(one, "hold", required_cores=1, required_memory_bytes=1_500_000_000), "running")
    waiting = one.shell("true", required_cores=1, required_memory_bytes=600_000_000)
    small = one.shell("true", required_cores=1)  # takes nothing from the memory that is waited for
    one.wait(small, "completed")
    assert "memory" in one.task(waiting)["waiting_reason"].lower()
    open_gate(one, "hold")
    one.wait(waiting, "completed")


def test_cores_are_never_oversold(cluster):
    three = cluster(runners=3)
    log = three.shared / "log"
    # Each notes +cores and -cores of its node; the sum must never exceed what the node has.
    script = f'echo "$HAKURIVER_NODE +$1" >>{log}; sleep 0.0$1; echo "$HAKURIVER_NODE -$1" >>{log}'
    ids = []
    for i in range(90):
        cores = i % 3 + 1
        ids += three.submit("sh", "-c", script, "sh", str(cores), required_cores=cores)
    three.wait_all(ids)
    used = {"n1": 0, "n2": 0, "n3": 0}
    lines = log.read_text().splitlines()
    assert len(lines) == 180
    for line in lines:
        node, change = line.split()
        used[node] += int(change)
        assert 0 <= used[node] <= CORES, line
    assert {node["cores_in_use"] for node in three.nodes().values()} == {0}


# ---- who is next ------------------------------------------------------------------------------------


def test_higher_priority_first_then_in_order(one: Cluster):
    one.wait(gated(one, "hold", required_cores=CORES), "running")
    ids = []
    for name, priority in [("a", 0), ("b", 0), ("low", -5), ("high", 9)]:
        open_gate(one, name)
        ids.append(gated(one, name, required_cores=CORES, priority=priority))
    open_gate(one, "hold")
    one.wait_all(ids)
    assert order(one) == ["hold", "high", "a", "b", "low"]


def test_small_ones_fill_gaps_but_do_not_starve_a_large_one(one: Cluster):
    one.wait(gated(one, "hold", required_cores=CORES - 1), "running")
    large = gated(one, "large", required_cores=CORES)
    open_gate(one, "large")
    small = [one.shell("true", required_cores=1) for _ in range(20)]
    open_gate(one, "hold")
    one.wait(large, "completed")
    one.wait_all(small)


@pytest.mark.parametrize(
    ("strategy", "nodes"),
    [("first-fit", ["n1", "n1", "n1"]), ("best-fit", ["n1", "n1", "n1"]), ("least-loaded", ["n1", "n2", "n3"]),
     ("round-robin", ["n1", "n2", "n3"])],
)
def test_strategies_choose_nodes(cluster, strategy, nodes):
    three = cluster(runners=3)
    ids = [gated(three, f"t{i}", required_cores=1, strategy=strategy) for i in range(3)]
    assert sorted(three.wait(task_id, "running")["assigned_node"] for task_id in ids) == nodes
    for i in range(3):
        open_gate(three, f"t{i}")


def test_a_target_is_obeyed(cluster):
    three = cluster(runners=3)
    reply = three.try_submit("sh", "-c", "echo $HAKURIVER_NODE", targets=["n3", "n1", "n3"])
    ids = reply.json()["task_ids"]
    tasks = three.wait_all(ids)
    assert [task["assigned_node"] for task in tasks] == ["n3", "n1", "n3"]
    assert [three.output(task_id) for task_id in ids] == ["n3\n", "n1\n", "n3\n"]
    assert {task["batch_id"] for task in tasks} == {reply.json()["batch_id"]}


def test_some_targets_fail_and_the_others_run(one: Cluster):
    reply = one.try_submit("true", targets=["n1", "nowhere"])
    assert reply.status == 202
    assert [failed["target"] for failed in reply.json()["failed_targets"]] == ["nowhere"]
    (task_id,) = reply.json()["task_ids"]
    one.wait(task_id, "completed")


# ---- nodes ----------------------------------------------------------------------------------------


def test_a_drained_node_finishes_and_takes_nothing_new(cluster):
    two = cluster(runners=2)
    running = gated(two, "hold", targets=["n1"])
    two.wait(running, "running")
    assert two.api.post("/api/nodes/n1/drain").status == 200
    assert two.node("n1")["drained"]
    tasks = two.wait_all([two.submit_one("true") for _ in range(6)])
    assert {task["assigned_node"] for task in tasks} == {"n2"}
    pinned = two.submit_one("true", targets=["n1"])
    assert "drain" in two.task(pinned)["waiting_reason"]
    open_gate(two, "hold")
    two.wait(running, "completed")
    assert two.api.post("/api/nodes/n1/undrain").status == 200
    two.wait(pinned, "completed")
    assert two.api.post("/api/nodes/n9/drain").status == 404


def test_a_node_is_removed_only_when_it_is_gone(cluster):
    two = cluster(runners=2, timing__heartbeat_timeout_factor=2)
    assert two.api.delete("/api/nodes/n2").status == 409
    two.runners["n2"].stop()
    wait_until(lambda: two.node("n2")["status"] == "offline", "n2 is offline")
    assert two.api.delete("/api/nodes/n2").status == 200
    assert set(two.nodes()) == {"n1"}


def test_tasks_wait_for_the_first_node(cluster):
    empty = cluster(runners=0)
    reply = empty.try_submit("true")
    if reply.status == 202:
        (task_id,) = reply.json()["task_ids"]
        assert "no node" in empty.task(task_id)["waiting_reason"]
        empty.add_runner("n1").start()
        empty.wait(task_id, "completed")
    else:
        assert reply.status == 503 and "no node" in reply.error()["message"]


# ---- batches and sweeps -----------------------------------------------------------------------------


def test_a_sweep_is_one_batch_in_the_order_of_its_product(one: Cluster):
    reply = one.try_submit("echo", "span:{1..3}", "span:[a,b]", sweep=True, required_cores=1)
    assert reply.status == 202, reply.text()
    ids, batch = reply.json()["task_ids"], reply.json()["batch_id"]
    assert len(ids) == 6
    one.wait_all(ids)
    assert [one.output(task_id) for task_id in ids] == ["1 a\n", "1 b\n", "2 a\n", "2 b\n", "3 a\n", "3 b\n"]
    assert one.task(ids[3])["arguments"] == ["2", "b"]
    view = one.api.get(f"/api/batches/{batch}").json()
    assert (view["total"], view["counts"].get("completed"), view["finished"]) == (6, 6, True)


@pytest.mark.parametrize("argument", ["span:{3..1}", "span:{1..3", "span:file:x", "span:1", "span:{1..1000000000}"])
def test_a_wrong_sweep_is_refused_in_words(one: Cluster, argument):
    reply = one.try_submit("echo", argument, sweep=True)
    assert reply.status in (400, 413, 422)
    assert reply.error()["fields"][0]["path"] == "/arguments"
    assert one.counts() == {}


def test_without_sweep_a_span_is_just_text(one: Cluster):
    assert one.output(one.run("echo", "span:{1..3}")["task_id"]) == "span:{1..3}\n"


def test_a_batch_runs_no_more_at_once_than_asked(one: Cluster):
    log = one.shared / "log"
    script = f"echo + >>{log}; sleep 0.02; echo - >>{log}"
    ids = one.submit("sh", "-c", script, count=12, required_cores=1, max_running=2)
    one.wait_all(ids)
    running = 0
    for line in log.read_text().split():
        running += 1 if line == "+" else -1
        assert running <= 2
    assert len(log.read_text().split()) == 24


def test_a_batch_gives_up_after_too_many_failures(one: Cluster):
    ids = one.submit("false", count=40, required_cores=CORES, max_fails=3)
    ends = [task["status"] for task in one.wait_all(ids)]
    assert ends.count("failed") >= 4 and ends.count("killed") >= 1
    assert set(ends) == {"failed", "killed"}


def test_lists_are_paged_filtered_and_searched(one: Cluster):
    good = one.submit("true", count=5)
    bad = one.submit("sh", "-c", "exit 3 # needle", count=5)
    one.wait_all([*good, *bad])

    def listed(query: str) -> list[str]:
        return [task["task_id"] for task in one.api.get(f"/api/tasks?{query}").json()["tasks"]]

    newest_first = [*reversed(bad), *reversed(good)]
    assert listed("limit=100") == newest_first
    assert listed("status=failed") == list(reversed(bad))
    assert listed("status=failed,completed&limit=1000") == newest_first
    assert listed("q=needle") == list(reversed(bad))
    assert listed("node=n1&limit=3") == newest_first[:3]
    assert listed("node=n2") == []
    assert listed(f"batch={one.task(good[0])['batch_id']}") == list(reversed(good))
    page = one.api.get("/api/tasks?limit=4").json()
    seen = [task["task_id"] for task in page["tasks"]]
    assert page["total"] == 10
    while page["next"]:
        page = one.api.get(f"/api/tasks?limit=4&after={page['next']}").json()
        seen += [task["task_id"] for task in page["tasks"]]
    assert seen == newest_first
