"""Environments from the first container to tasks in them, with a real engine."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from cluster import Cluster
from container_lab import container_lab, environments
from engine import Engine, why_not
from waiting import wait_until

pytestmark = pytest.mark.skipif(why_not() != "", reason=why_not() or "never")


@pytest.fixture(scope="module")
def lab(tmp_path_factory) -> Iterator[Cluster]:
    """A Host and a runner that share one engine, and the default environment."""
    with container_lab(tmp_path_factory.mktemp("lab"), docker__versions_kept=2) as (cluster, _):
        yield cluster


def docker(cluster: Cluster, *words: str):
    return cluster.cli(*words, program="hakuriver.docker")


def test_a_task_without_an_environment_runs_in_the_default_one(lab: Cluster):
    task = lab.run("sh", "-c", "ls /; echo $HAKURIVER_TASK_ID; exit 5")
    assert task["status"] == "failed" and task["exit_code"] == 5
    assert task["container_name"] == "base"
    words = lab.output(task["task_id"]).split()
    assert "bin" in words and "shared" in words and task["task_id"] in words and "usr" not in words


def test_null_runs_directly_on_the_node(lab: Cluster):
    task = lab.run("sh", "-c", "ls /", container_name="NULL")
    assert task["container_name"] is None and "usr" in lab.output(task["task_id"]).split()


def test_arguments_and_variables_arrive_byte_for_byte(lab: Cluster):
    argument = "a b  'c' \"d\" $(e) `f` \\ \n*;|&ü"
    task = lab.run("echo", argument, env_vars={"X": argument})
    assert lab.output(task["task_id"]) == argument + "\n"
    task = lab.run("sh", "-c", 'echo "$X"', env_vars={"X": argument})
    assert lab.output(task["task_id"]) == argument + "\n"


def test_hakurun_is_there_in_any_environment(lab: Cluster):
    ran = lab.cli("--wait", "--", "hakurun", "echo", "span:{1..3}", "span:[x,y]")
    assert ran.returncode == 0, ran.stderr
    task = max(lab.api.get("/api/tasks").json()["tasks"], key=lambda each: int(each["task_id"]))
    assert task["container_name"] == "base"
    assert lab.output(task["task_id"]).splitlines() == [f"{n} {c}" for n in (1, 2, 3) for c in "xy"]


def test_the_memory_limit_kills_and_says_so(lab: Cluster):
    task = lab.run("sh", "-c", "x=$(dd if=/dev/zero bs=1M count=100 2>/dev/null | tr '\\0' a); echo ${#x}",
                   required_memory_bytes=32_000_000)
    assert task["status"] == "killed_oom" and task["end_reason"] == "oom"


def test_kill_pause_and_resume(lab: Cluster):
    task_id = lab.submit_one("sleep", "300")
    lab.wait(task_id, "running")
    assert lab.api.post(f"/api/tasks/{task_id}/pause").status == 200
    assert lab.task(task_id)["status"] == "paused"
    assert lab.api.post(f"/api/tasks/{task_id}/resume").status == 200
    assert lab.task(task_id)["status"] == "running"
    assert lab.api.post(f"/api/tasks/{task_id}/kill").status in (200, 202)
    assert lab.wait(task_id)["status"] == "killed"


def test_what_was_changed_by_hand_is_packaged_and_reaches_tasks(lab: Cluster):
    assert docker(lab, "create-container", "busybox:test", "tools").returncode == 0
    assert environments(lab)["tools"]["container"]["state"] == "running"
    engine = Engine(lab.folder.parent / "engine")
    assert engine.docker("exec", "tools", "touch", "/made-by-hand").returncode == 0
    packaged = docker(lab, "create-tar", "tools")
    assert packaged.returncode == 0, packaged.stderr
    assert "tools" in docker(lab, "list-tars").stdout
    task = lab.run("ls", "/made-by-hand", container_name="tools")
    assert task["status"] == "completed" and task["environment_version"]
    assert docker(lab, "delete-tar", "tools").returncode == 0
    refused = lab.try_submit("true", container_name="tools")
    assert refused.status in (400, 422) and "tools" in refused.error()["message"]
    assert docker(lab, "delete-container", "tools").returncode == 0
    assert "tools" not in environments(lab)


def test_a_task_may_insist_on_a_version(lab: Cluster):
    engine = Engine(lab.folder.parent / "engine")
    assert docker(lab, "create-container", "busybox:test", "pinned").returncode == 0
    assert docker(lab, "create-tar", "pinned").returncode == 0
    assert engine.docker("exec", "pinned", "touch", "/second").returncode == 0
    assert docker(lab, "create-tar", "pinned").returncode == 0
    second, first = (each["version"] for each in environments(lab)["pinned"]["versions"])
    for _ in range(2):  # side by side, in turns
        newest = lab.run("ls", "/second", container_name="pinned")
        assert newest["exit_code"] == 0 and newest["environment_version"] == second
        old = lab.run("ls", "/second", container_name=f"pinned:{first}")
        assert old["exit_code"] == 1 and old["environment_version"] == first
        assert old["container_name"] == f"pinned:{first}"
    asked = lab.cli("--container", f"pinned:{first}", "--wait", "--", "ls", "/second")
    assert asked.returncode == 1, asked.stderr
    refused = lab.try_submit("true", container_name="pinned:1")
    assert refused.status in (400, 422)
    assert refused.error()["message"].startswith(f"the environment pinned has no version 1; the newest is {second}")
    assert docker(lab, "create-tar", "pinned").returncode == 0
    assert [each["version"] for each in environments(lab)["pinned"]["versions"]][1:] == [second]  # two are kept
    assert lab.try_submit("true", container_name=f"pinned:{first}").status in (400, 422)
    refused = lab.try_submit("true", container_name="pinned:newest")
    assert refused.status in (400, 422) and "versions are numbers" in refused.error()["message"]
    assert lab.run("ls", "/second", container_name=f"pinned:{second}")["exit_code"] == 0
    assert docker(lab, "delete-tar", "--yes", "pinned").returncode == 0
    assert docker(lab, "delete-container", "--yes", "pinned").returncode == 0


def test_a_host_that_starts_leaves_alone_what_stands_on_an_environment(lab: Cluster):
    """Containers inherit the labels of their image, and the second package is of a container that took another's place."""
    engine = Engine(lab.folder.parent / "engine")
    assert docker(lab, "create-container", "busybox:test", "below").returncode == 0
    for name in ("first", "second"):
        assert engine.docker("exec", "below", "touch", f"/{name}").returncode == 0
        assert docker(lab, "create-tar", "below").returncode == 0
    assert docker(lab, "create-container", "hakuriver/below:base", "above").returncode == 0
    assert engine.docker("exec", "above", "touch", "/not-packaged").returncode == 0
    task_id = lab.submit_one("sleep", "300", container_name="below")
    lab.wait(task_id, "running")
    lab.host.kill()
    lab.start_host()
    wait_until(lambda: environments(lab).get("above", {}).get("container"), "the Host asked its engine")
    assert engine.docker("exec", "above", "ls", "/second", "/not-packaged").returncode == 0
    assert lab.task(task_id)["status"] == "running"
    assert lab.run("ls", "/second", container_name="below")["exit_code"] == 0
    assert lab.task(task_id)["status"] == "running"
    assert lab.api.post(f"/api/tasks/{task_id}/kill").status in (200, 202)
    assert lab.wait(task_id)["status"] == "killed"
    for name in ("above", "below"):
        assert docker(lab, "delete-container", "--yes", name).returncode == 0
    assert docker(lab, "delete-tar", "--yes", "below").returncode == 0


@pytest.mark.parametrize("name", ["-v", "a/b", "..", "UPPER", "x" * 300, "🦆"])
def test_names_that_docker_or_the_disk_would_misread(lab: Cluster, name: str):
    before = environments(lab)
    reply = lab.api.post("/api/environments", {"image_name": "busybox:test", "name": name})
    assert reply.status in (400, 422), reply.text()
    assert environments(lab).keys() == before.keys()


@pytest.mark.parametrize("image", ["--privileged", "", "no such image", "nowhere.invalid/x:1"])
def test_images_that_are_none(lab: Cluster, image: str):
    reply = lab.api.post("/api/environments", {"image_name": image, "name": "wrong"})
    text = reply.text()
    failed = reply.status >= 400 or json.loads(text.splitlines()[-1])["error"]
    assert failed, text
    assert "wrong" not in environments(lab)


def test_a_runner_that_dies_keeps_its_container_and_the_exit_code(lab: Cluster):
    task_id = lab.submit_one("sh", "-c", "sleep 2; exit 6")
    lab.wait(task_id, "running")
    lab.runners["n1"].kill()
    lab.runners["n1"].start()
    task = lab.wait(task_id)
    assert task["status"] == "failed" and task["exit_code"] == 6
