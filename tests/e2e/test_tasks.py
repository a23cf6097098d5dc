"""One task from its submission to its end: what it is given, what it leaves, how it is stopped."""

from __future__ import annotations

import signal
from datetime import datetime, timezone
from pathlib import Path

import pytest

from cluster import Cluster
from parts import is_alive
from waiting import wait_until

# ---- what a task is given --------------------------------------------------------------------------


def test_output_and_times_come_back(one: Cluster):
    task = one.run("sh", "-c", "echo out; echo err >&2")
    assert (task["status"], task["exit_code"], task["end_reason"], task["signal"]) == ("completed", 0, "exited", None)
    assert task["assigned_node"] == "n1" and task["attempt"] == 1
    assert task["submitted_at"] <= task["started_at"] <= task["completed_at"]
    assert one.output(task["task_id"]) == "out\n"
    assert one.output(task["task_id"], "stderr") == "err\n"
    assert Path(task["stdout_path"]).read_text() == "out\n"
    assert Path(task["stderr_path"]).read_text() == "err\n"
    assert task["peak_memory_bytes"] > 0 and task["cpu_time_us"] >= 0


def test_arguments_arrive_byte_for_byte(one: Cluster):
    words = ["", "a b", "$HOME", "`id`", "$(id)", ";", "|", "&", "*", "'", '"', "\\", "\n", "ünï", "--help", "-"]
    task = one.run("printf", "<%s>", *words)
    assert one.output(task["task_id"]) == "".join(f"<{word}>" for word in words)


def test_environment_and_folders(one: Cluster):
    task_id = one.shell('printf "%s\n" "$GREETING" "$HAKURIVER_TASK_ID" "$HAKURIVER_SHARED_DIR" "$PWD" "$HOST_SECRET"',
                        env_vars={"GREETING": "a=b c"})
    one.wait(task_id, "completed")
    lines = one.output(task_id).splitlines()
    assert lines == ["a=b c", task_id, str(one.shared), str(one.shared / "shared_data"), ""]


def test_secrets_of_the_runner_do_not_reach_tasks(cluster):
    one = cluster(runners=0, start=False)
    one.environment["LAB_SECRET"] = "canary-7271"
    one.add_runner("n1")
    one.start()
    task = one.run("env")
    assert "canary-7271" not in one.output(task["task_id"])


def test_links_that_a_task_left_for_the_output_of_the_next_are_not_followed(one: Cluster):
    """The folder of the outputs is written by tasks, perhaps as another user than the runner's."""
    first = one.run("true")["task_id"]
    secret = one.folder / "secret"
    secret.write_text("secret")
    planted = one.shared / "task_outputs" / f"{int(first) + 1}.out"
    planted.symlink_to(secret)
    task_id = one.submit_one("echo", "overwritten")
    task = one.wait(task_id, "failed")
    assert "cannot open" in task["error_message"] and str(planted) in task["error_message"]
    assert secret.read_text() == "secret"


def test_tasks_cannot_use_up_the_process_ids_of_the_machine(one: Cluster):
    task_id = one.shell("cat /proc/self/cgroup")
    one.wait(task_id, "completed")
    groups = {name: path for _, name, path in (line.split(":", 2) for line in one.output(task_id).splitlines())}
    top = Path("/sys/fs/cgroup/pids" if "pids" in groups else "/sys/fs/cgroup")  # version 1, or 2
    limit = (top / groups.get("pids", groups.get("", "")).strip("/")).parent / "pids.max"
    if "hakuriver" not in limit.parts or not limit.exists():
        pytest.skip("the runner may not make control groups that count processes here, so nothing limits their number")
    machine = min(int(Path(f"/proc/sys/kernel/{name}").read_text()) for name in ("pid_max", "threads-max"))
    assert int(limit.read_text()) == machine // 4 * 2


def test_working_directory(one: Cluster):
    assert one.output(one.run("pwd", working_directory="/usr")["task_id"]) == "/usr\n"


def test_a_working_directory_that_is_not_there_is_not_made(one: Cluster):
    missing = one.folder / "missing"
    task = one.wait(one.submit_one("pwd", working_directory=str(missing)), "failed")
    assert f"cannot enter the working directory {missing}" in task["error_message"]
    assert not missing.exists()


def test_no_descriptor_or_blocked_signal_reaches_a_task(one: Cluster):
    task = one.run("sh", "-c", "ls /proc/self/fd; grep -E '^Sig(Blk|Ign)' /proc/self/status")
    *fds, blocked, ignored = one.output(task["task_id"]).split("\n")[:-1]
    assert fds == ["0", "1", "2", "3"]  # 3 is ls reading the folder
    assert int(blocked.split()[1], 16) == 0
    assert int(ignored.split()[1], 16) & 0x7FFFFFFF == 0  # above are glibc's own


# ---- how it ends ----------------------------------------------------------------------------------


@pytest.mark.parametrize("code", [1, 2, 125, 126, 127, 255])
def test_the_exit_code_is_the_programs_own(one: Cluster, code):
    task = one.run("sh", "-c", f"exit {code}")
    assert (task["status"], task["exit_code"], task["signal"]) == ("failed", code, None)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSEGV, signal.SIGTERM])
def test_a_signal_is_128_plus_its_number(one: Cluster, number):
    task = one.run("sh", "-c", f"kill -{int(number)} $$")
    assert (task["status"], task["exit_code"], task["signal"]) == ("failed", 128 + number, number)


def test_what_cannot_be_started_says_why(one: Cluster):
    missing = one.run("/no/such/program")
    assert (missing["status"], missing["exit_code"], missing["end_reason"]) == ("failed", 127, "not_started")
    assert "/no/such/program" in missing["error_message"]
    assert one.run("/etc/passwd")["exit_code"] == 126


def test_a_background_process_does_not_outlive_its_task(one: Cluster):
    pid_file = one.folder / "pid"
    task = one.run("sh", "-c", f"setsid sleep 1000 >/dev/null 2>&1 & echo $! >{pid_file}")
    assert task["status"] == "completed"
    wait_until(lambda: not is_alive(int(pid_file.read_text())), "what it left behind is gone")


def test_too_much_memory_is_said(one: Cluster):
    warnings = " ".join(w for executor in one.node("n1")["executors"] for w in executor["warnings"])
    if "memory" in warnings.lower():
        pytest.skip(f"this machine does not enforce memory limits: {warnings}")
    task = one.run("python3", "-c", "x = bytearray(300_000_000); x[::4096] = b'x' * len(x[::4096])",
                   required_memory_bytes=100_000_000)
    assert (task["status"], task["end_reason"]) == ("killed_oom", "oom")
    assert "100 MB" in task["error_message"], task["error_message"]


def test_two_hundred_short_tasks(cluster):
    three = cluster(runners=3)
    ids = three.submit("true", count=200, required_cores=1)
    assert len(set(ids)) == 200
    tasks = three.wait_all(ids)
    assert {task["status"] for task in tasks} == {"completed"}
    assert {task["assigned_node"] for task in tasks} == {"n1", "n2", "n3"}
    wait_until(lambda: three.counts() == {"completed": 200}, "the counts agree")


# ---- kill, pause, resume, retry ---------------------------------------------------------------------


def start_counter(one: Cluster, extra: str = "") -> tuple[str, Path]:
    """A task that counts up in a file; returned when it counts."""
    file = one.folder / "counter"
    task_id = one.shell(f"{extra} i=0; while :; do i=$((i+1)); echo $i >{file}.new; mv {file}.new {file}; sleep 0.01; done")
    one.wait(task_id, "running")
    wait_until(file.exists, "the task counts")
    return task_id, file


def test_kill_leaves_nothing(one: Cluster):
    pids = one.folder / "pids"
    task_id = one.shell(f"setsid sh -c 'echo $$ >>{pids}; trap \"\" TERM; sleep 1000 & echo $! >>{pids}; wait' & "
                        f"echo $$ >>{pids}; wait")
    wait_until(lambda: pids.exists() and len(pids.read_text().split()) == 3, "all three run")
    assert one.api.post(f"/api/tasks/{task_id}/kill").status in (200, 202)
    task = one.wait(task_id, "killed")
    assert task["end_reason"] == "killed"
    assert not any(is_alive(int(pid)) for pid in pids.read_text().split())
    assert one.api.post(f"/api/tasks/{task_id}/kill").status == 409


def test_a_task_may_use_its_grace_to_end_well(one: Cluster):
    task_id, _ = start_counter(one, "trap 'echo saved; exit 0' TERM;")
    one.api.post(f"/api/tasks/{task_id}/kill")
    assert one.wait(task_id, "killed")["end_reason"] == "killed"
    assert one.output(task_id) == "saved\n"


def test_a_waiting_task_that_is_killed_never_runs(one: Cluster):
    blocker = one.shell("sleep 1000", required_cores=4)
    waiting = one.shell(f"touch {one.folder}/ran", required_cores=4)
    assert one.api.post(f"/api/tasks/{waiting}/kill").status == 200
    one.wait(waiting, "killed")
    one.api.post(f"/api/tasks/{blocker}/kill")
    one.wait(blocker, "killed")
    one.run("true", required_cores=4)
    assert not (one.folder / "ran").exists()


def test_pause_stops_all_of_it_and_resume_continues(one: Cluster):
    task_id, counter = start_counter(one)
    assert one.api.post(f"/api/tasks/{task_id}/pause").status == 200
    assert one.task(task_id)["status"] == "paused"
    before = counter.read_text()
    for _ in range(3):  # other work has time to run, so the counter would have had, too
        one.run("sleep", "0.05")
    assert counter.read_text() == before
    assert one.api.post(f"/api/tasks/{task_id}/pause").status == 409
    assert one.api.post(f"/api/tasks/{task_id}/resume").status == 200
    wait_until(lambda: counter.read_text() not in ("", before), "it counts on")
    assert one.api.post(f"/api/tasks/{task_id}/resume").status == 409
    one.api.post(f"/api/tasks/{task_id}/kill")
    one.wait(task_id, "killed")


def test_a_paused_task_can_be_killed_and_keeps_its_cores_until_then(one: Cluster):
    task_id = one.shell("sleep 1000", required_cores=4)
    one.wait(task_id, "running")
    one.api.post(f"/api/tasks/{task_id}/pause")
    one.wait(task_id, "paused")
    waiting = one.shell("true", required_cores=1)
    assert one.node("n1")["available_cores"] == 0
    assert one.task(waiting)["status"] == "pending"
    one.api.post(f"/api/tasks/{task_id}/kill")
    one.wait(task_id, "killed")
    one.wait(waiting, "completed")


def test_retry_is_a_new_task_of_the_same_kind(one: Cluster):
    first = one.run("sh", "-c", "echo $X; exit 3", env_vars={"X": "again"})
    reply = one.api.post(f"/api/tasks/{first['task_id']}/retry")
    assert reply.status == 202
    (again,) = reply.json()["task_ids"]
    assert again != first["task_id"]
    assert one.wait(again)["exit_code"] == 3
    assert one.output(again) == "again\n"


def test_several_at_once(one: Cluster):
    ids = [one.shell("sleep 1000", required_cores=1) for _ in range(3)]
    for task_id in ids:
        one.wait(task_id, "running")
    done = one.run("true")["task_id"]
    reply = one.api.post("/api/tasks/kill", {"task_ids": [*ids, done, "999999"]})
    assert reply.status == 200, reply.text()
    assert sorted(reply.json()["done"]) == sorted(ids)
    assert {refused["target"] for refused in reply.json()["refused"]} == {done, "999999"}
    for task_id in ids:
        one.wait(task_id, "killed")


# ---- output -------------------------------------------------------------------------------------


def test_ranges_and_tails_of_output(one: Cluster):
    task_id = one.run("seq", "100000")["task_id"]
    whole = "".join(f"{i}\n" for i in range(1, 100001)).encode()
    path = f"/api/tasks/{task_id}/stdout"
    reply = one.api.get(path)
    assert (reply.status, reply.body, reply.headers["X-Total-Size"]) == (200, whole, str(len(whole)))
    for asked, wanted in [("0-9", whole[:10]), ("100-", whole[100:]), ("-7", whole[-7:]), ("5-5", whole[5:6])]:
        part = one.api.get(path, headers={"Range": f"bytes={asked}"})
        assert (part.status, part.body) == (206, wanted), asked
    assert one.api.get(path, headers={"Range": f"bytes={len(whole)}-"}).status == 416
    assert one.api.get(path + "?tail=3").text() == "99998\n99999\n100000\n"


def test_output_may_be_anything(one: Cluster):
    task_id = one.run("printf", r"\000\377\r\033[2J\n")["task_id"]
    assert one.api.get(f"/api/tasks/{task_id}/stdout").body == b"\x00\xff\r\x1b[2J\n"


def test_output_of_a_task_that_has_not_started_is_empty(one: Cluster):
    one.shell("sleep 1000", required_cores=4)
    waiting = one.shell("true", required_cores=4)
    reply = one.api.get(f"/api/tasks/{waiting}/stdout")
    assert (reply.status, reply.body) == (200, b"")


def test_following_output_ends_with_the_task(one: Cluster):
    gate = one.folder / "gate"
    task_id = one.shell(f"echo first; while [ ! -e {gate} ]; do sleep 0.01; done; echo last")
    one.wait(task_id, "running")
    stream = one.api.open_stream(f"/api/tasks/{task_id}/stdout?follow=1")
    assert stream.readline() == b"first\n"
    gate.touch()
    assert stream.read() == b"last\n"
    later = one.api.open_stream(f"/api/tasks/{task_id}/stdout?follow=1&offset=6")
    assert later.read() == b"last\n"


def test_lines_know_when_they_were_written(one: Cluster):
    gate = one.folder / "gate"
    task_id = one.shell(f"echo first; while [ ! -e {gate} ]; do sleep 0.01; done; sleep 0.1; echo last")
    noted = one.shared / "task_times" / f"{task_id}.out"
    wait_until(lambda: noted.exists() and noted.read_text().startswith("6 "), "the node notes the first line")
    one.runners["n1"].kill()
    one.runners["n1"].start()
    before = datetime.now(timezone.utc)
    gate.touch()
    one.wait(task_id, "completed")
    path = f"/api/tasks/{task_id}/stdout/times"
    first, last = one.api.get(path).json()["marks"]
    assert (first["size"], last["size"]) == (6, 11)
    assert first["at"] < before.strftime("%Y-%m-%dT%H:%M:%S.%fZ") < last["at"]  # to a tick of the kernel's clock
    assert one.api.get(path + "?from=6&to=11").json()["marks"] == [last]
    assert one.api.get(f"/api/tasks/{task_id}/stderr/times").json()["marks"] == []
    shown = one.cli("--logs", task_id, "--timestamps", env={"TZ": "UTC"}).stdout.splitlines()
    assert shown == [f"{mark['at'][:19].replace('T', ' ')} {text}" for mark, text in [(first, "first"), (last, "last")]]
    assert one.api.get("/api/tasks/999/stdout/times").status == 404
    assert "from must be an offset in bytes" in one.api.get(path + "?from=x").error()["message"]


def test_what_a_task_wrote_before_it_was_paused_is_noted(one: Cluster):
    """However short before, and not only when it writes more after the resume: the node looks once a second."""
    task_id = one.shell("echo ready; sleep 300")
    output = one.shared / "task_outputs" / f"{task_id}.out"
    wait_until(lambda: output.exists() and output.stat().st_size == 6, "the task has written")
    one.api.post(f"/api/tasks/{task_id}/pause")
    one.wait(task_id, "paused")
    noted = one.shared / "task_times" / f"{task_id}.out"
    wait_until(lambda: noted.exists() and noted.read_text().startswith("6 "), "the node notes what it wrote")
    one.api.post(f"/api/tasks/{task_id}/kill")
    one.wait(task_id, "killed")


def test_the_history_of_a_task(one: Cluster):
    task_id = one.run("true")["task_id"]
    history = one.api.get(f"/api/tasks/{task_id}/history").json()
    (attempt,) = history["attempts"]
    assert (attempt["number"], attempt["node"], attempt["status"], attempt["exit_code"]) == (1, "n1", "completed", 0)
    assert len(history["events"]) >= 2
    assert [event["at"] for event in history["events"]] == sorted(event["at"] for event in history["events"])
