"""What users and the world do wrong with environments, and what tasks may ask of containers, with a real engine."""

from __future__ import annotations

import gzip
import json
import subprocess
import tarfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from cluster import Cluster
from engine import Engine, why_not
from gpus import LIBRARY
from waiting import wait_until

pytestmark = pytest.mark.skipif(why_not() != "", reason=why_not() or "never")

GPUS = """driver 550.54.14
gpu uuid=GPU-a name=NVIDIA_A100 bus=3B total=81920
gpu uuid=GPU-b name=NVIDIA_A100 bus=3C total=81920
"""
# An engine that finds a program of this name hands GPUs out by it. This one makes a device for each that was asked for.
GPU_HOOK = r"""#!/bin/bash
state=$(cat)
pid=$(sed -E 's/.*"pid":([0-9]+).*/\1/' <<<"$state")
bundle=$(sed -E 's/.*"bundle":"([^"]+)".*/\1/' <<<"$state")
wanted=$(grep -oE 'NVIDIA_VISIBLE_DEVICES=[^"]*' "$bundle/config.json" | tail -n 1)
root=$(grep -oE '"root":\{"path":"[^"]+"' "$bundle/config.json" | sed -E 's/.*"path":"([^"]+)"/\1/')
wanted=${wanted#*=}
for name in ${wanted//,/ }; do
    nsenter -t "$pid" -m mknod -m 666 "$root/dev/nvidia-$name" c 1 3 || exit 1
done
"""


class Lab:
    """A cluster with an engine that its Host and its one node share."""

    def __init__(self, cluster: Cluster, engine: Engine) -> None:
        self.cluster = cluster
        self.engine = engine
        self.folder = cluster.shared / "hakuriver-containers"

    def docker(self, *words: str) -> subprocess.CompletedProcess:
        """hakuriver.docker WORDS."""
        return self.cluster.cli(*words, program="hakuriver.docker")

    def refused(self, *words: str) -> str:
        """hakuriver.docker WORDS, which must fail with one sentence; that sentence."""
        done = self.docker(*words)
        assert done.returncode != 0, done.stderr
        assert self.left_behind() == []
        return done.stderr.splitlines()[-1]

    def left_behind(self) -> list[str]:
        """Temporary files in the shared folder."""
        return [str(path) for path in self.folder.rglob("*") if ".tmp" in path.name or path.name.startswith(".")]

    def versions(self) -> dict[str, list[str]]:
        """The packaged versions, by environment."""
        all_of_them = self.cluster.api.get("/api/environments").json()["environments"]
        return {each["name"]: [one["version"] for one in each["versions"]] for each in all_of_them}

    def containers(self) -> dict[str, str]:
        """Everything that the engine has: states by name."""
        lines = self.engine.docker("ps", "-a", "--format", "{{.Names}} {{.State}}").stdout.decode().splitlines()
        return dict(line.split() for line in lines)

    def run(self, script: str, **fields) -> dict:
        """A script as a task in the environment "tools", to its end."""
        return self.cluster.run("sh", "-c", script, container_name="tools", **fields)


@pytest.fixture(scope="module")
def lab(tmp_path_factory) -> Iterator[Lab]:
    """With GPUs that stand in, an environment "tools", and a default environment whose image is not there yet."""
    folder: Path = tmp_path_factory.mktemp("lab")
    (folder / "bin").mkdir()
    hook = folder / "bin" / "nvidia-container-runtime-hook"
    hook.write_text(GPU_HOOK)
    hook.chmod(0o755)
    (folder / "gpus").write_text(GPUS)
    (folder / "data").mkdir()
    (folder / "data" / "file").write_text("here\n")
    with Engine(folder / "engine", programs=folder / "bin") as engine:
        engine.make_image("busybox:test")
        settings = {"socket": str(engine.socket), "initial_base_image": "later:1", "default_container_name": "base",
                    "allowed_mounts": [str(folder / "data")]}
        with Cluster(folder / "c", runners=1, **{f"docker__{key}": value for key, value in settings.items()}) as cluster:
            cluster.environment |= {"LD_LIBRARY_PATH": str(LIBRARY.parent), "HK_NVML_DOUBLE": str(folder / "gpus")}
            cluster.write_config("n1", cluster.runner_keys("n1") | {"runner.executors": ["process", "docker"]})
            cluster.start()
            made = Lab(cluster, engine)
            wait_until(lambda: offers_docker(cluster), "the runner offers docker", 30)
            assert made.docker("create-container", "busybox:test", "tools").returncode == 0
            assert made.docker("create-tar", "tools").returncode == 0
            yield made


def offers_docker(cluster: Cluster) -> bool:
    return any(each["name"] == "docker" and each["available"] for each in cluster.node("n1").get("executors", []))


# ---- the Host's containers ------------------------------------------------------------------------


def test_containers_that_are_not_ours_are_left_alone(lab: Lab):
    started = lab.engine.docker("run", "-d", "--net=host", "--name", "postgres", "busybox:test", "sleep", "900")
    identity = started.stdout.decode().strip()
    before = lab.containers()
    try:
        for verb in ("stop-container", "start-container", "create-tar", "delete-container"):
            for name in ("postgres", identity[:12]):
                lab.refused(verb, name)
        assert "docker commit postgres" in lab.refused("delete-container", "--yes", "postgres")
        assert "was not made by HakuRiver" in lab.refused("create-container", "busybox:test", "postgres")
        assert lab.containers() == before and lab.versions().keys() == {"tools"}
        assert lab.engine.docker("inspect", "-f", "{{.Id}}", "postgres").stdout.decode().strip() == identity
    finally:
        lab.engine.docker("rm", "-f", "postgres")


def test_many_may_look_at_once(lab: Lab):
    with ThreadPoolExecutor(16) as pool:
        replies = list(pool.map(lambda _: lab.cluster.api.get("/api/environments"), range(64)))
    assert [reply.status for reply in replies] == [200] * 64
    assert {reply.json()["problem"] for reply in replies} == {""}


def test_packaging_twice_at_once(lab: Lab):
    lab.engine.docker("exec", "tools", "dd", "if=/dev/urandom", "of=/big", "bs=1M", "count=40")
    with ThreadPoolExecutor() as pool:
        both = sorted(pool.map(lambda _: lab.docker("create-tar", "tools"), range(2)), key=lambda done: done.returncode)
    assert both[0].returncode == 0, both[0].stderr
    assert both[1].returncode != 0 and "busy (being packaged); try again" in both[1].stderr
    assert len(lab.versions()["tools"]) == 1 and lab.left_behind() == []


def test_a_stopped_container_is_packaged_and_a_missing_one_is_named(lab: Lab):
    assert lab.docker("stop-container", "tools").returncode == 0
    assert lab.docker("create-tar", "tools").returncode == 0
    assert lab.containers()["tools"] != "running"
    assert lab.docker("start-container", "tools").returncode == 0
    for verb in ("create-tar", "start-container", "stop-container", "delete-container"):
        assert "create-container IMAGE nope" in lab.refused(verb, "nope")


# ---- archives -------------------------------------------------------------------------------------


def test_archives_that_are_none_publish_nothing(lab: Lab, tmp_path: Path):
    good = tmp_path / "good.tar"
    lab.engine.docker("save", "-o", str(good), "busybox:test")
    whole = good.read_bytes()
    turned = bytearray(whole)
    turned[len(whole) // 2] ^= 0xFF
    with tarfile.open(tmp_path / "other.tar", "w") as other:
        other.add("/etc/hostname", "hostname")
    wrong = {"cut off": whole[: len(whole) // 2], "turned": bytes(turned), "empty": b"", "text": b"no archive " * 1000,
             "packed": gzip.compress(whole), "other": (tmp_path / "other.tar").read_bytes()}
    said = {}
    for name, content in wrong.items():
        (tmp_path / "x.tar").write_bytes(content)
        said[name] = lab.refused("import-tar", str(tmp_path / "x.tar"), "imported")
    assert "does not match its digest" in said["turned"] and "ends in the middle" in said["cut off"]
    assert "gunzip" in said["packed"] and "docker save" in said["other"]
    assert "imported" not in lab.versions()
    assert lab.docker("import-tar", str(good), "imported").returncode == 0
    assert lab.cluster.run("true", container_name="imported")["status"] == "completed"
    assert lab.docker("delete-tar", "--yes", "imported").returncode == 0


def test_a_damaged_layer_is_refused_by_its_checksum(lab: Lab):
    assert lab.docker("create-container", "busybox:test", "hurt").returncode == 0
    lab.engine.docker("exec", "hurt", "dd", "if=/dev/urandom", "of=/part", "bs=1M", "count=1")
    before = set((lab.folder / "layers").glob("*.tar"))
    assert lab.docker("create-tar", "hurt").returncode == 0
    layer = max(set((lab.folder / "layers").glob("*.tar")) - before, key=lambda path: path.stat().st_size)
    assert lab.docker("delete-container", "--yes", "hurt").returncode == 0
    lab.engine.docker("rmi", "-f", "hakuriver/hurt:base")
    whole = layer.read_bytes()
    for damaged in (whole[:700_000] + b"X" + whole[700_001:], whole[:500_000]):
        layer.write_bytes(damaged)
        task = lab.cluster.run("true", container_name="hurt")
        assert task["status"] == "failed" and task["end_reason"] == "not_started", task
        assert layer.stem[:12] in task["error_message"] or "damaged" in task["error_message"], task
        assert lab.engine.docker("image", "inspect", "hakuriver/hurt:base").returncode != 0
    layer.write_bytes(whole)
    assert lab.cluster.run("ls", "/part", container_name="hurt")["status"] == "completed"


def test_a_version_that_tasks_wait_for_is_not_deleted(lab: Lab):
    first = lab.cluster.submit_one("sleep", "300", container_name="tools", required_memory_bytes=1_500_000_000)
    lab.cluster.wait(first, "running")
    second = lab.cluster.submit_one("true", container_name="tools", required_memory_bytes=1_500_000_000)
    assert "a task waits to run in tools; kill it" in lab.refused("delete-tar", "--yes", "tools")
    (version,) = lab.versions()["tools"]
    third = lab.cluster.submit_one("true", container_name=f"tools:{version}", required_memory_bytes=1_500_000_000)
    lab.cluster.api.post(f"/api/tasks/{second}/kill")
    assert "a task waits to run in tools; kill it" in lab.refused("delete-tar", "--yes", "--version", version, "tools")
    second = third
    assert lab.cluster.task(second)["status"] == "pending" and lab.versions()["tools"]
    lab.cluster.api.post(f"/api/tasks/{first}/kill")
    assert lab.cluster.wait(second)["status"] == "completed"


def test_deleting_takes_the_image_along(lab: Lab):
    assert lab.docker("create-container", "busybox:test", "gone").returncode == 0
    assert lab.docker("create-tar", "gone").returncode == 0
    assert lab.docker("delete-container", "--yes", "gone").returncode == 0
    assert lab.engine.docker("image", "inspect", "hakuriver/gone:base").returncode == 0
    assert lab.docker("delete-tar", "--yes", "gone").returncode == 0
    assert lab.engine.docker("image", "inspect", "hakuriver/gone:base").returncode != 0
    assert "gone" not in lab.versions()


# ---- what tasks ask for ---------------------------------------------------------------------------


def test_mounts(lab: Lab, tmp_path: Path):
    data = str(lab.cluster.folder.parent / "data")
    task = lab.run("cat /in/file; echo x >/in/new", additional_mounts=[f"{data}:/in:ro"])
    assert task["exit_code"] == 1 and lab.cluster.output(task["task_id"]) == "here\n"
    assert lab.run("echo x >/in/new", additional_mounts=[f"{data}:/in"])["status"] == "completed"
    wrong = {f"{data}:relative": "is not a mount", "data:/in": "is not a mount", f"{data}:/shared": "has already",
             f"{data}:/proc/sys": "has already", f"{tmp_path}:/in": "does not allow", "/:/in": "does not allow"}
    for mount, sentence in wrong.items():
        reply = lab.cluster.try_submit("true", container_name="tools", additional_mounts=[mount])
        assert reply.status in (400, 422) and sentence in reply.error()["message"], (mount, reply.text())
    missing = lab.run("true", additional_mounts=[f"{data}/none:/in"])
    assert missing["end_reason"] == "not_started" and "does not have it" in missing["error_message"]
    (Path(data) / "way-out").symlink_to("/etc")
    out = lab.run("true", additional_mounts=[f"{data}/way-out:/in"])
    assert out["end_reason"] == "not_started" and "does not allow" in out["error_message"]


def test_gpus_are_those_that_were_asked_for_and_no_others(lab: Lab):
    wait_until(lambda: len(lab.cluster.node("n1")["gpu_info"]) == 2, "the node shows its GPUs", 20)
    script = "ls /dev | while read f; do case $f in nvidia-*) echo $f;; esac; done"
    first, second = "nvidia-GPU-a", "nvidia-GPU-b"
    for target, seen in (("n1::0", [first]), ("n1::1", [second]), ("n1::0,1", [first, second]), ("n1", [])):
        task = lab.run(script, targets=[target])
        assert task["status"] == "completed", task
        assert lab.cluster.output(task["task_id"]).split() == seen, target


def test_limits_and_numa_are_what_was_asked_for(lab: Lab):
    task_id = lab.cluster.submit_one("sleep", "300", container_name="tools", targets=["n1:0"], required_cores=2,
                                     required_memory_bytes=64_000_000)
    lab.cluster.wait(task_id, "running")
    name = next(name for name in lab.containers() if name.startswith(f"hakuriver-task-{task_id}.1-"))
    limits = json.loads(lab.engine.docker("inspect", name).stdout)[0]["HostConfig"]
    lab.cluster.api.post(f"/api/tasks/{task_id}/kill")
    lab.cluster.wait(task_id)
    assert (limits["NanoCpus"], limits["Memory"], limits["MemorySwap"]) == (2_000_000_000, 64_000_000, 64_000_000)
    assert limits["CpusetMems"] == "0" and limits["CpusetCpus"].startswith("0")
    wait_until(lambda: name not in lab.containers(), "its container is removed", 20)


def test_an_image_that_comes_later_becomes_the_default_environment(lab: Lab):
    refused = lab.cluster.try_submit("true")
    assert "names no environment" in refused.error()["message"] and "create-container IMAGE base" in refused.text()
    lab.engine.docker("tag", "busybox:test", "later:1")
    wait_until(lambda: lab.versions().get("base"), "the default environment is made", 60)
    task = lab.cluster.run("true")
    assert task["status"] == "completed" and task["container_name"] == "base"


def test_a_task_whose_engine_is_away_says_so_and_runs_when_it_is_back(lab: Lab):
    """The last one: the engine takes the containers of this file down with it."""
    lab.engine.process.terminate()
    lab.engine.process.wait()
    task_id = lab.cluster.submit_one("true", container_name="tools")

    def says_so() -> bool:
        said = lab.cluster.api.get(f"/api/tasks/{task_id}/explain").json()["summary"]
        return "waiting for the container engine" in said or "does not answer" in said

    try:
        wait_until(says_so, "explain says what is waited for", 30)
        assert "cannot be used on the Host" in lab.refused("list-containers")
    finally:
        lab.engine.start()
    assert lab.cluster.wait(task_id)["status"] == "completed"
