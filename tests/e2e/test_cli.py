"""hakuriver.client, .host, .runner and .init from a shell: exit codes, streams, JSON, help, mistakes."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import tomllib

import pytest

from cluster import BIN, Cluster
from waiting import wait_until

PROGRAMS = ["hakuriver", "hakuriver.host", "hakuriver.runner", "hakuriver.client", "hakuriver.docker",
            "hakuriver.docker-shell", "hakuriver.init", "hakurun"]


@pytest.fixture
def away(cluster) -> Cluster:
    """A cluster of which nothing runs."""
    return cluster(runners=0, start=False)


@pytest.fixture(scope="module")
def untouched(shared_cluster) -> Cluster:
    """A cluster that no test of this file gives a task."""
    return shared_cluster(runners=1)


# ---- every program ----------------------------------------------------------------------------------


@pytest.mark.parametrize("program", PROGRAMS)
def test_every_program_explains_itself(away: Cluster, program):
    done = away.cli("--help", program=program)
    assert done.returncode == 0 and done.stderr == ""
    assert "sage" in done.stdout and len(done.stdout.splitlines()) > 5
    assert "\x1b" not in done.stdout
    assert max(len(line) for line in done.stdout.splitlines()) <= 120


@pytest.mark.parametrize("program", PROGRAMS)
def test_every_program_knows_its_version(away: Cluster, program):
    done = away.cli("--version", program=program)
    assert done.returncode == 0
    assert any(char.isdigit() for char in done.stdout)


@pytest.mark.parametrize("program", [program for program in PROGRAMS if program != "hakurun"])
def test_an_unknown_option_is_2_and_says_what_it_was(away: Cluster, program):
    done = away.cli("--no-such-option", program=program)
    assert done.returncode == 2
    assert "--no-such-option" in done.stderr and done.stdout == ""


def test_slips_get_a_suggestion(away: Cluster):
    assert "--cores" in away.cli("--core", "2", "--", "true").stderr
    assert "status" in away.cli("statu", "1", program="hakuriver").stderr


# ---- submitting ---------------------------------------------------------------------------------------


def test_submit_and_look(one: Cluster):
    reply = one.cli_json("--", "sh", "-c", "echo hi")
    (task_id,) = reply["task_ids"]
    one.wait(task_id, "completed")
    assert one.cli_json("--status", task_id)["status"] == "completed"
    shown = one.cli("--status", task_id)
    assert shown.returncode == 0 and "completed" in shown.stdout


@pytest.mark.parametrize("code", [0, 1, 7, 255])
def test_wait_ends_with_the_tasks_own_code(one: Cluster, code):
    assert one.cli("--wait", "sh", "-c", f"exit {code}").returncode == code


def test_wait_of_several_ends_with_the_highest_code(cluster):
    two = cluster(runners=2)
    script = '[ "$HAKURIVER_NODE" = n1 ] && exit 3; exit 5'
    assert two.cli("--wait", "--target", "n1", "--target", "n2", "--", "sh", "-c", script).returncode == 5


def test_wait_tells_signals_and_missing_programs(one: Cluster):
    assert one.cli("--wait", "sh", "-c", "kill -9 $$").returncode == 137
    assert one.cli("--wait", "/no/such/program").returncode == 127
    done = one.cli("--wait", "--json", "--", "false")
    assert done.returncode == 1
    value = json.loads(done.stdout)
    assert (value["exit_code"], value["reason"], len(value["tasks"])) == (1, "task", 1)


def test_everything_after_the_command_is_its_own(one: Cluster):
    words = ["--wait", "--cores", "99", "--", "-x", "", "a  b", "$HOME"]
    task_id = one.cli_json("printf", "<%s>", *words)["task_ids"][0]
    one.wait(task_id, "completed")
    assert one.output(task_id) == "".join(f"<{word}>" for word in words)


def test_every_option_arrives(one: Cluster):
    reply = one.cli_json("--target", "n1", "--cores", "2", "--memory", "512M", "--env", "A=b=c", "--env", "D=",
                         "--container", "NULL", "--priority", "7", "--strategy", "best-fit", "--", "env")
    task_id = reply["task_ids"][0]
    task = one.wait(task_id, "completed")
    assert (task["target"], task["required_cores"], task["required_memory_bytes"]) == ("n1", 2, 512_000_000)
    assert (task["priority"], task["strategy"], task["env_vars"]) == (7, "best-fit", {"A": "b=c", "D": ""})
    assert "A=b=c" in one.output(task_id).splitlines()


@pytest.mark.parametrize(
    "words",
    [["--cores", "-1", "true"], ["--cores", "x", "true"], ["--memory", "512MiB", "true"], ["--memory", "0", "true"],
     ["--memory", "-5G", "true"], ["--memory", "1Z", "true"], ["--memory", "18446744073709551616", "true"],
     ["--env", "A", "true"], ["--env", "=b", "true"], ["--target", "n1:", "true"], ["--target", "n1::", "true"],
     ["--target", "n1::0,0", "true"], ["--target", "", "true"], ["--priority", "x", "true"],
     ["--strategy", "worst-fit", "true"], ["--mount", "a:b", "true"], ["--poll-interval", "0", "--wait", "true"],
     ["--status", "abc"], ["--status", "-1"], ["--kill", "x"], ["--"], ["--cores", "1"],
     ["--status", "1", "true"], ["--list-nodes", "true"]],
)
def test_wrong_usage_is_2_with_one_sentence_and_no_task(untouched: Cluster, words):
    done = untouched.cli(*words)
    assert done.returncode == 2, (done.stdout, done.stderr)
    assert done.stderr.strip() and done.stdout == ""
    assert untouched.counts() == {}


def test_without_words_it_helps(one: Cluster):
    done = one.cli()
    assert done.returncode in (0, 2)
    assert "hakuriver.client" in done.stdout + done.stderr


def test_not_now_without_a_queue(one: Cluster):
    done = one.cli("--no-queue", "--cores", "4", "--", "sleep", "1000")
    assert done.returncode == 0
    full = one.cli("--no-queue", "--cores", "4", "--", "true")
    assert full.returncode == 125 and "0 of 4 cores free" in full.stderr


# ---- the other verbs of the original -------------------------------------------------------------------


def test_kill_pause_and_resume(one: Cluster):
    task_id = one.shell("sleep 1000")
    one.wait(task_id, "running")
    assert one.cli("pause", task_id).returncode == 0
    assert one.task(task_id)["status"] == "paused"
    assert one.cli("resume", task_id).returncode == 0
    assert one.task(task_id)["status"] == "running"
    assert one.cli("--kill", task_id).returncode == 0
    assert one.wait(task_id)["status"] == "killed"
    again = one.cli("--kill", task_id)
    assert again.returncode != 0 and "killed" in again.stderr


def test_a_task_that_is_not_there(one: Cluster):
    for words in (["--status", "4711"], ["--kill", "4711"], ["pause", "4711"], ["resume", "4711"]):
        done = one.cli(*words)
        assert done.returncode not in (0, 2, 127) and "4711" in done.stderr, words


def test_nodes_and_health(cluster):
    two = cluster(runners=2)
    shown = two.cli("--list-nodes")
    assert shown.returncode == 0 and "n1" in shown.stdout and "n2" in shown.stdout
    assert {node["hostname"] for node in two.cli_json("--list-nodes")["nodes"]} == {"n1", "n2"}
    wait_until(lambda: two.api.get("/api/health").json()["nodes"], "there are samples")
    assert two.cli("--health").returncode == 0
    assert "n1" in two.cli("--health", "n1").stdout
    assert two.cli_json("--health", "n1")
    assert two.cli("--health", "n9").returncode not in (0, 2)


def test_nobody_colours_a_file(one: Cluster):
    for words in (["--list-nodes"], ["--status", one.run("true")["task_id"]]):
        done = one.cli(*words)
        assert "\x1b" not in done.stdout + done.stderr


def test_what_a_task_says_cannot_move_the_terminal(one: Cluster):
    nasty = "\x1b[2J\x1b]0;title\x07"
    task_id = one.run("false", nasty)["task_id"]
    assert "\x1b" not in one.cli("--status", task_id).stdout


# ---- without a Host, with a wrong config -----------------------------------------------------------------


def test_a_host_that_is_away_is_125_and_says_where_it_was_looked_for(away: Cluster):
    for words in (["--list-nodes"], ["--status", "1"], ["--", "true"], ["--wait", "true"]):
        done = away.cli(*words)
        assert done.returncode == 125, words
        assert str(away.port) in done.stderr and done.stdout == ""


def test_waiting_outlasts_a_restart_of_the_host(one: Cluster):
    gate = one.folder / "gate"
    client = subprocess.Popen(
        [str(BIN / "hakuriver.client"), "--wait", "sh", "-c", f"while [ ! -e {gate} ]; do sleep 0.01; done; exit 6"],
        env=one.environment | {"HAKURIVER_CONFIG": str(one.client_config)}, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )
    wait_until(lambda: one.counts().get("running") == 1, "it runs")
    one.host.kill()
    one.start_host()
    gate.touch()
    client.communicate(timeout=60)
    assert client.returncode == 6


def test_interrupting_a_wait_leaves_the_task_alone(one: Cluster):
    client = subprocess.Popen(
        [str(BIN / "hakuriver.client"), "--wait", "sleep", "1000"],
        env=one.environment | {"HAKURIVER_CONFIG": str(one.client_config)},
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )
    wait_until(lambda: one.counts().get("running") == 1, "it runs")
    client.send_signal(signal.SIGINT)
    _, errors = client.communicate(timeout=60)
    assert client.returncode == 130 and "running" in errors
    assert one.counts() == {"running": 1}


WRONG_CONFIG = """[network]
host_port = "eight thousand"
host_prot = 8000
[nowhere]
x = 1
[timing]
heartbeat_interval = -1
"""


@pytest.mark.parametrize("program", ["hakuriver.host", "hakuriver.runner", "hakuriver.client"])
def test_every_mistake_of_a_config_is_told_with_its_line(away: Cluster, program):
    path = away.folder / "wrong.toml"
    path.write_text(WRONG_CONFIG)
    done = away.cli("--config", str(path), *(["--list-nodes"] if program == "hakuriver.client" else []), program=program)
    assert done.returncode == 2
    for line in (2, 3, 5, 7):
        assert f"wrong.toml:{line}" in done.stderr, (line, done.stderr)
    assert "host_port" in done.stderr and "heartbeat_interval" in done.stderr


@pytest.mark.parametrize("text", ["[network\n", "a = \n", "\x00", "= 1", '[network]\nhost_port = 8000\nhost_port = 8001\n'])
def test_a_config_that_is_no_toml(away: Cluster, text):
    path = away.folder / "wrong.toml"
    path.write_text(text)
    done = away.cli("--config", str(path), "--list-nodes")
    assert done.returncode == 2 and "wrong.toml:" in done.stderr


def test_a_config_that_is_not_there(away: Cluster):
    for program in ("hakuriver.host", "hakuriver.runner"):
        done = away.cli("--config", "/no/such/config.toml", program=program)
        assert done.returncode != 0 and "/no/such/config.toml" in done.stderr


# ---- hakuriver.init ------------------------------------------------------------------------------------


def test_init_writes_a_config_that_every_program_accepts(away: Cluster):
    done = away.cli("config", program="hakuriver.init")
    assert done.returncode == 0, done.stderr
    path = away.folder / "home" / ".hakuriver" / "config.toml"
    keys = tomllib.loads(path.read_text())
    for table, key in [("network", "host_port"), ("network", "runner_address"), ("paths", "shared_dir"),
                       ("database", "db_file"), ("timing", "heartbeat_interval"), ("docker", "default_container_name")]:
        assert key in keys[table] or f"# {key}" in path.read_text() or f"#{key}" in path.read_text(), key
    before = path.read_text()
    path.write_text(before + "# mine\n")
    away.cli("config", program="hakuriver.init")
    assert path.read_text() == before + "# mine\n", "an existing file is kept"
    shown = away.cli("--config", str(path), "--status", "1")
    assert shown.returncode == 125, shown.stderr


def test_init_writes_units_that_systemd_accepts(away: Cluster):
    out = away.folder / "units"
    out.mkdir()
    done = away.cli("service", "--all", "--config", str(away.client_config), "--output-dir", str(out), program="hakuriver.init")
    assert done.returncode == 0, done.stderr
    for name in ("hakuriver-host.service", "hakuriver-runner.service"):
        text = (out / name).read_text()
        assert "ExecStart=" in text and str(away.client_config) in text
    assert "KillMode=process" in (out / "hakuriver-runner.service").read_text(), "tasks survive a restart of the runner"
    assert away.cli("service", program="hakuriver.init").returncode == 2


# ---- daemons -----------------------------------------------------------------------------------------


def test_daemons_end_with_0_when_asked(cluster):
    one = cluster(runners=1)
    for part in (one.runners["n1"], one.host):
        part.signal(signal.SIGTERM)
        assert part.wait_for_end() == 0
        part.start()
        wait_until(one.host_answers, "the Host answers")
    one.wait_online("n1")


def test_a_port_in_use_is_said(one: Cluster):
    keys = {"database.db_file": str(one.folder / "other" / "x.db"), "host.state_dir": str(one.folder / "other")}
    second = one.part("second", ["hakuriver.host", "--config", str(one.write_config("second", keys))])
    second.start()
    assert second.wait_for_end() not in (0, -signal.SIGABRT)
    assert str(one.port) in second.tail()


def test_a_runner_waits_for_its_host(cluster):
    one = cluster(runners=1, start=False)
    one.runners["n1"].start()
    wait_until(lambda: str(one.port) in one.runners["n1"].tail(), "it says that the Host is away")
    one.start_host()
    one.wait_online("n1")


def test_another_address_than_loopback_is_warned_about(cluster):
    host = cluster(runners=0, network__host_bind_ip="0.0.0.0")
    assert any(" W " in line and "0.0.0.0" in line for line in host.host.tail().splitlines())


def test_progress_of_waiting_is_for_terminals(one: Cluster):
    ours, theirs = pty.openpty()
    client = subprocess.Popen(
        [str(BIN / "hakuriver.client"), "--wait", "sleep", "0.5"], stdin=theirs, stdout=subprocess.PIPE, stderr=theirs,
        env=one.environment | {"HAKURIVER_CONFIG": str(one.client_config), "TERM": "xterm"},
    )
    os.close(theirs)
    text = b""
    while True:
        try:
            piece = os.read(ours, 4096)
        except OSError:
            break
        if not piece:
            break
        text += piece
    os.close(ours)
    client.communicate(timeout=60)
    assert client.returncode == 0
    assert b"running" in text
