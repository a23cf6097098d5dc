"""The lab itself: what tests believe about its nodes must be true."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from labs import Lab


@pytest.fixture(scope="module")
def hog(lab: Lab) -> str:
    """A program that eats memory or CPU, where all nodes see it."""
    subprocess.run(["clang-19", "-O0", "-static", "-o", str(lab.shared / "hog"), str(Path(__file__).parent / "hog.c")], check=True)
    return "/shared/hog"


# ---- nodes ----------------------------------------------------------------------------------------


def test_nodes_are_machines_of_their_own(lab: Lab):
    assert [lab.run(name, "hostname") for name in lab.names] == lab.names
    assert lab.run("n1", "systemctl", "is-system-running") == "running"
    assert len({lab.run(name, "cat", "/etc/machine-id") for name in lab.names}) == 3
    assert lab.code("n1", "sh", "-c", "exit 7") == 7
    assert lab.run("n1", "sh", "-c", "echo $USER $HOME") == "root /root"


def test_the_machines_own_files_are_hidden(lab: Lab, tmp_path: Path):
    (tmp_path / "file").touch()
    assert lab.code("n1", "test", "-e", str(tmp_path)) != 0
    assert lab.run("n1", "ls", "/home") == "lab"
    assert lab.code("n1", "test", "-e", "/.dockerenv") != 0


def test_files_are_private_except_those_in_shared(lab: Lab):
    lab.run("n1", "sh", "-c", "echo a >/shared/file; echo b >/etc/private")
    assert lab.run("n3", "cat", "/shared/file") == "a"
    assert lab.code("n2", "test", "-e", "/etc/private") == 1
    assert not Path("/etc/private").exists()


def test_a_user_who_may_become_root(lab: Lab):
    assert lab.do("user", "n1", "id", "-u") == "2000\n"
    assert lab.do("user", "n1", "sudo", "-n", "id", "-u") == "0\n"
    assert lab.call("user", "n1", "docker", "ps").returncode == 0


# ---- network ----------------------------------------------------------------------------------------


def test_nodes_reach_each_other_and_nobody_else(lab: Lab):
    assert lab.reaches("n1", "n2") and lab.reaches("n3", "n1")
    assert not lab.reaches("n1", "192.0.2.2")
    assert lab.call("outside", "ping", "-q", "-c", "1", "-W", "1", "10.77.0.12").returncode == 0


def test_a_pulled_cable_is_seen_by_the_node(lab: Lab):
    lab.do("cut", "n2")
    assert not lab.reaches("n1", "n2") and lab.reaches("n1", "n3")
    assert lab.run("n2", "cat", "/sys/class/net/eth0/carrier") == "0"
    lab.do("mend", "n2")
    assert lab.reaches("n1", "n2")


def test_a_hole_is_not_seen_by_the_node(lab: Lab):
    lab.do("hole", "n2")
    assert not lab.reaches("n1", "n2")
    assert lab.run("n2", "cat", "/sys/class/net/eth0/carrier") == "1"
    lab.do("mend", "n2")
    assert lab.reaches("n1", "n2")


def test_one_direction_can_be_blocked(lab: Lab):
    lab.do("block", "n2", "n1")
    assert not lab.reaches("n1", "n2") and lab.reaches("n3", "n2")
    lab.do("mend", "n2")
    assert lab.reaches("n1", "n2")


def test_packets_can_be_lost_and_slowed(lab: Lab):
    lab.do("loss", "n2", "50")
    lines = lab.call("run", "n1", "ping", "-q", "-c", "200", "-i", "0.002", "-W", "1", "n2").stdout
    lost = float(lines.split("% packet loss")[0].rsplit(" ", 1)[1])
    lab.do("mend", "n2")
    assert 20 < lost < 80
    lab.do("slow", "n2", "64kbit")
    assert lab.code("n1", "ping", "-q", "-c", "1", "-s", "1400", "-W", "5", "n2") == 0
    lab.do("mend", "n2")
    assert lab.reaches("n1", "n2")


# ---- systemd ---------------------------------------------------------------------------------------


def test_limits_of_systemd_hold(lab: Lab, hog: str):
    limited = ("systemd-run", "--scope", "--quiet", "--property", "MemoryMax=64M", hog, "mem")
    assert lab.code("n1", *limited, "200") == 137
    assert lab.code("n1", *limited, "30") == 0
    share = lab.run("n1", "systemd-run", "--scope", "--quiet", "--property", "CPUQuota=50%", hog, "cpu", "1")
    assert 25 <= int(share) <= 65


# ---- Docker ----------------------------------------------------------------------------------------


def test_image_stores_are_private(lab: Lab, image: str):
    assert lab.run("n1", "docker", "run", "--rm", image, "echo", "hi") == "hi"
    assert lab.code("n2", "docker", "image", "inspect", image) != 0


def test_limits_of_docker_hold(lab: Lab, image: str, hog: str):
    limited = ("docker", "run", "--rm", "--network", "none", "--memory", "64m", "-v", "/shared:/shared", image, hog)
    assert lab.code("n1", *limited, "mem", "200") == 137
    assert lab.code("n1", "docker", "run", "--rm", "--privileged", image, "true") == 0


def test_containers_reach_other_nodes(lab: Lab, image: str):
    assert lab.code("n1", "docker", "run", "--rm", image, "ping", "-c", "1", "-W", "2", "10.77.0.12") == 0


# ---- power and hardware --------------------------------------------------------------------------------


def test_a_power_failure_keeps_the_disk(lab: Lab, image: str):
    lab.run("n1", "sh", "-c", f"echo kept >/root/file; sync; docker run -d --name before {image} sleep 1000")
    lab.do("kill", "n1")
    assert "n1 10.77.0.11 pid -" in lab.do("status")
    assert not lab.reaches("n2", "n1")
    lab.do("start", "n1")
    assert lab.run("n1", "cat", "/root/file") == "kept"
    assert "before" in lab.run("n1", "docker", "ps", "-a", "--format", "{{.Names}}")
    assert lab.reaches("n2", "n1")


def test_made_up_numa_nodes_are_seen(lab: Lab):
    lab.do("numa", "n3", "2")
    assert "2 nodes" in lab.run("n3", "numactl", "-H")
    assert "1 nodes" in lab.run("n2", "numactl", "-H")


def test_made_up_gpus_are_given_out(lab: Lab, image: str):
    lab.run("n3", "docker", "load", "-qi", "/shared/image.tar")
    show = (image, "sh", "-c", "echo /dev/nvidia*")
    assert lab.code("n3", "docker", "run", "--rm", "--gpus", "all", *show) == 125
    lab.do("gpus", "n3", "2")
    assert lab.run("n3", "docker", "run", "--rm", "--gpus", "all", *show) == "/dev/nvidia0 /dev/nvidia1"
    assert lab.run("n3", "docker", "run", "--rm", "--gpus", "device=1", *show) == "/dev/nvidia1"
    assert lab.code("n3", "docker", "run", "--rm", "--gpus", "device=2", *show) != 0


def test_a_lab_leaves_nothing_behind(tmp_path):
    if shutil.disk_usage(tmp_path).free < 1 << 30:
        pytest.skip("too little room for a second lab")
    second = Lab(tmp_path / "lab", 1, LAB_TAG="hklab2", LAB_NET="10.78.0", LAB_DOCKER="0")
    second.close()
    assert list(tmp_path.iterdir()) == []
    assert "hklab2" not in subprocess.run(["ip", "netns"], capture_output=True, text=True, check=True).stdout
    assert not list(Path("/sys/fs/cgroup").glob("**/hklab2"))
    assert "hklab2" not in Path("/proc/mounts").read_text()
