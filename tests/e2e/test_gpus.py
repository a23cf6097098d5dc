"""GPUs and NUMA nodes in a whole cluster: who gets which, who sees which, and what is refused."""

from __future__ import annotations

from collections.abc import Iterator

import engine
import pytest
from cluster import Cluster
from gpus import Gpus, gpu, why_not
from waiting import wait_until

pytestmark = pytest.mark.skipif(why_not() != "", reason=why_not() or "never")
SHOW = 'echo "$CUDA_DEVICE_ORDER:$CUDA_VISIBLE_DEVICES"'


@pytest.fixture(scope="module")
def four(shared_cluster) -> Cluster:
    """n1 has four GPUs, n2 has none; for tests that change nothing for good."""
    cluster = shared_cluster(runners=2, start=False)
    Gpus(cluster, "n1").say(*(gpu(i) for i in range(4)))
    return cluster.start()


@pytest.fixture
def changing(cluster) -> Iterator[tuple[Cluster, Gpus]]:
    """A node of its own whose driver the test rules."""
    one = cluster(runners=1, start=False)
    gpus = Gpus(one, "n1")
    gpus.say(gpu(0), gpu(1))
    yield one.start(), gpus


def healthy(cluster: Cluster) -> list[bool]:
    return [each["healthy"] for each in cluster.node("n1")["gpu_info"]]


def refusal(cluster: Cluster, **fields) -> str:
    reply = cluster.try_submit("true", **fields)
    assert 400 <= reply.status < 500, (reply.status, reply.text())
    return reply.json()["detail"]


# ---- who gets which ----------------------------------------------------------------------------


def test_a_task_is_told_its_gpus_by_uuid_and_no_other(four: Cluster):
    named = four.wait(four.shell(SHOW, targets=["n1::2,0"]), "completed")
    assert named["required_gpus"] == [0, 2]
    assert four.output(named["task_id"]) == "PCI_BUS_ID:GPU-n1-0,GPU-n1-2\n"
    counted = four.wait(four.shell(SHOW, gpu_count=2), "completed")
    assert four.output(counted["task_id"]) == "PCI_BUS_ID:GPU-n1-0,GPU-n1-1\n"
    without = four.wait(four.shell('echo "${CUDA_VISIBLE_DEVICES-unset}."', targets=["n1"]), "completed")
    assert four.output(without["task_id"]) == ".\n"
    forged = four.shell(SHOW, targets=["n1::3"], env_vars={"CUDA_VISIBLE_DEVICES": "0,1,2"})
    four.wait(forged, "completed")
    assert four.output(forged) == "PCI_BUS_ID:GPU-n1-3\n"


def test_no_two_tasks_ever_share_a_gpu(four: Cluster):
    script = ('for g in $(echo "$CUDA_VISIBLE_DEVICES" | tr , " "); do mkdir "busy-$g" || exit 9; done; sleep 0.1; '
              'for g in $(echo "$CUDA_VISIBLE_DEVICES" | tr , " "); do rmdir "busy-$g"; done')
    ids = four.submit("sh", "-c", script, gpu_count=1, count=24, required_cores=0)
    ids += four.submit("sh", "-c", script, gpu_count=3, count=4, required_cores=0)
    ids += four.submit("sh", "-c", script, targets=["n1::1"], count=4, required_cores=0)
    ends = four.wait_all(ids)
    assert {end["status"] for end in ends} == {"completed"}, ends


def test_what_waits_for_a_gpu_says_so(four: Cluster):
    first = four.shell("sleep 600", targets=["n1::1"])
    four.wait(first, "running")
    second = four.shell("true", targets=["n1::1"])
    assert four.task(second)["waiting_reason"] == f"n1: GPU 1 is used by task {first}"
    all_of_them = four.shell("true", gpu_count=4)
    assert "3 of 4 GPUs free, needs 4" in four.task(all_of_them)["waiting_reason"]
    four.cli("--kill", first)
    four.wait(second, "completed")
    four.wait(all_of_them, "completed")


# ---- what is refused -----------------------------------------------------------------------------


def test_gpus_that_cannot_be_are_refused(four: Cluster):
    assert refusal(four, targets=["n1::7"]) == "node n1 cannot run this: has no GPU 7 (it has: 0, 1, 2, 3)"
    assert refusal(four, targets=["n2::0"]) == "node n2 cannot run this: has no GPU 0 (it has: none)"
    assert "named twice" in refusal(four, targets=["n1::0,0"])
    assert '"-1" is not a GPU id' in refusal(four, targets=["n1::-1"])
    assert "cannot be asked for as well" in refusal(four, targets=["n1::0"], gpu_count=1)
    assert "negative" in refusal(four, gpu_count=-1)
    assert "has 4 GPUs, needs 5" in refusal(four, gpu_count=5)
    assert "has 0 GPUs, needs 1" in refusal(four, targets=["n2"], gpu_count=1)
    assert "named twice" in refusal(four, targets=["n1"], required_gpus=[[1, 1]])
    assert "negative" in refusal(four, targets=["n1"], required_gpus=[[-1]])


def test_what_no_node_could_ever_give_is_refused_with_what_it_has(four: Cluster):
    assert refusal(four, targets=["n1:7"]).startswith("node n1 cannot run this: has no NUMA node 7 (it has: 0")
    assert "has 4 cores, needs 64" in refusal(four, required_cores=64)
    assert "has 2 GB of memory, needs 64 GB" in refusal(four, required_memory_bytes=64_000_000_000)
    assert "runs directly on the node" in refusal(four, container_name="NULL", privileged=True)


# ---- who is on which -------------------------------------------------------------------------------


def test_the_list_shows_who_uses_a_gpu(changing):
    cluster, gpus = changing
    mine = cluster.shell("echo $$ >pid; exec sleep 600", targets=["n1::0"], submitted_by="alice")
    pid_file = cluster.shared / "shared_data" / "pid"
    wait_until(lambda: pid_file.exists() and pid_file.read_text().strip(), "the task runs")
    foreign = cluster.host.pid
    gpus.say(gpu(0), gpu(1), f"process 0 {pid_file.read_text().strip()} 512", f"process 1 {foreign} 2048")
    wait_until(lambda: cluster.node("n1")["gpu_info"][1]["processes"], "the processes are seen")
    used, strange = cluster.node("n1")["gpu_info"]
    assert (used["task_id"], used["task_user"]) == (mine, "alice")
    assert [process["task_id"] for process in used["processes"]] == [mine]
    assert (strange["task_id"], strange["processes"][0]["pid"]) == (None, foreign)
    assert strange["processes"][0]["user"] and "hakuriver.host" in strange["processes"][0]["command"]
    for words in (["gpus"], ["--list-gpus"]):
        done = cluster.cli(*words, program="hakuriver" if words == ["gpus"] else "hakuriver.client")
        lines = done.stdout.splitlines()
        assert done.returncode == 0 and len(lines) == 3, done
        assert f"task {mine} (alice)" in lines[1] and "37 %" in lines[1] and "61 C" in lines[1]
        assert "hakuriver.host" in lines[2] and "(2.15 GB)" in lines[2]


# ---- in containers -----------------------------------------------------------------------------


@pytest.fixture
def contained(tmp_path_factory) -> Iterator[Cluster]:
    """A node with two GPUs and an engine that gives them out."""
    if engine.why_not():
        pytest.skip(engine.why_not())
    folder = tmp_path_factory.mktemp("gpus")
    with engine.Engine(folder / "engine", gpus=2) as dockerd:
        dockerd.make_image("busybox:test")
        with Cluster(folder / "c", runners=1, docker__socket=str(dockerd.socket),
                     docker__initial_base_image="busybox:test", docker__default_container_name="base") as cluster:
            cluster.write_config("n1", cluster.runner_keys("n1") | {"runner.executors": ["docker"]})
            Gpus(cluster, "n1").say(gpu(0), gpu(1))
            cluster.start()
            wait_until(lambda: cluster.node("n1")["executors"][0]["available"], "the runner offers docker", 30)
            wait_until(lambda: cluster.try_submit("true").status == 202, "the default environment is made", 60)
            yield cluster


def test_a_container_has_its_own_gpus_and_no_other(contained: Cluster):
    script = f'{SHOW}; echo "$NVIDIA_VISIBLE_DEVICES"; ls /dev | tr "\\n" " "'
    one = contained.wait(contained.shell(script, targets=["n1::1"]), "completed")
    told, given, devices = contained.output(one["task_id"]).split("\n")
    assert (told, given) == ("PCI_BUS_ID:GPU-n1-1", "GPU-n1-1")
    assert [name for name in devices.split() if name.startswith("nvidia")] == ["nvidia1"]
    none = contained.wait(contained.shell(script, targets=["n1"]), "completed")
    told, given, devices = contained.output(none["task_id"]).split("\n")
    assert (told, given) == (":", "void") and "nvidia" not in devices


# ---- what changes under us -----------------------------------------------------------------------


def test_a_gpu_that_is_lost_is_not_offered_and_its_task_is_flagged(changing):
    cluster, gpus = changing
    task = cluster.shell("sleep 600", targets=["n1::1"])
    cluster.wait(task, "running")
    gpus.say(gpu(0), gpu(1, fail=15))
    wait_until(lambda: healthy(cluster) == [True, False], "the loss is noticed")
    wait_until(lambda: cluster.task(task)["warnings"], "the task is flagged")
    assert cluster.task(task)["warnings"][0].startswith("its GPU 1 is not healthy")
    assert cluster.task(task)["status"] == "running"
    cluster.cli("--kill", task)
    ended = cluster.wait(task, "killed")
    assert ended["warnings"][0].startswith("its GPU 1 is not healthy")
    waiting = cluster.shell("true", targets=["n1::1"])
    assert cluster.task(waiting)["waiting_reason"] == "n1: GPU 1 is not healthy"
    both = cluster.shell("true", gpu_count=2)
    assert "1 of 2 GPUs free" in cluster.task(both)["waiting_reason"]
    gpus.say(gpu(0), gpu(1))
    cluster.wait(waiting, "completed")
    cluster.wait(both, "completed")


def test_a_driver_that_is_reloaded_in_mid_task(changing):
    cluster, gpus = changing
    task = cluster.shell(f"{SHOW}; sleep 600", targets=["n1::0"])
    cluster.wait(task, "running")
    gpus.say("init 9")
    wait_until(lambda: healthy(cluster) == [False, False], "the driver is gone")
    wait_until(lambda: cluster.task(task)["warnings"], "the task is flagged")
    cluster.runners["n1"].kill()  # the next one finds no driver at all
    cluster.runners["n1"].start()
    wait_until(lambda: cluster.node("n1")["status"] == "online" and not cluster.node("n1")["gpu_info"], "no GPU is there")
    assert cluster.task(task)["warnings"][0].startswith("its GPU 0 is not healthy")
    gpus.say(gpu(0), gpu(1))
    wait_until(lambda: healthy(cluster) == [True, True], "the driver is back")
    assert cluster.node("n1")["gpu_info"][0]["task_id"] == task  # held all the time
    other = cluster.shell(SHOW, gpu_count=1)
    cluster.wait(other, "completed")
    assert cluster.output(other) == "PCI_BUS_ID:GPU-n1-1\n"


def test_a_part_of_a_gpu_is_a_gpu_of_its_own(changing):
    cluster, gpus = changing
    gpus.say(gpu(0, mig=1), gpu(1), "part 0 uuid=MIG-a name=MIG_3g.40gb total=40960 used=10",
             "part 0 uuid=MIG-b name=MIG_3g.40gb total=40960 used=10")
    wait_until(lambda: len(cluster.node("n1")["gpu_info"]) == 4, "the parts are seen")
    names = {each["uuid"]: each["gpu_id"] for each in cluster.node("n1")["gpu_info"]}
    task = cluster.shell(SHOW, targets=[f"n1::{names['MIG-b']}"])
    cluster.wait(task, "completed")
    assert cluster.output(task) == "PCI_BUS_ID:MIG-b\n"


# ---- NUMA ------------------------------------------------------------------------------------------


def test_numactl_binds_where_it_is_configured(cluster, tmp_path):
    wrapper = tmp_path / "numactl"
    wrapper.write_text('#!/bin/sh\necho "$1 $2 $3"; shift 3; exec "$@"\n')
    wrapper.chmod(0o755)
    one = cluster(runners=1, paths__numactl_path=str(wrapper))
    bound = one.wait(one.shell("echo $HAKURIVER_TARGET_NUMA_NODE; exit 5", targets=["n1:0"]), "failed")
    assert bound["exit_code"] == 5
    assert one.output(bound["task_id"]) == "--cpunodebind=0 --membind=0 --\n0\n"
    free = one.wait(one.shell("echo free", targets=["n1"]), "completed")
    assert one.output(free["task_id"]) == "free\n"


def test_a_numactl_that_is_not_there_keeps_no_task_from_running(cluster):
    one = cluster(runners=1, paths__numactl_path="/nonexistent/numactl")
    assert "numactl_path cannot be executed" in one.runners["n1"].tail()
    one.wait(one.shell("true", targets=["n1:0"]), "completed")
