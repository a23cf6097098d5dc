"""hakuriver batch: looking after all tasks of one submission, with the real programs."""

from __future__ import annotations

import json
import subprocess

from cluster import BIN, Cluster
from waiting import wait_until


def batch(one: Cluster, *words: str) -> subprocess.CompletedProcess:
    """hakuriver batch ..."""
    return one.cli("batch", *words, program="hakuriver")


def submit(one: Cluster, *words: str) -> list[str]:
    """Submits from the command line; the ids."""
    return one.cli_json(*words)["task_ids"]


def state_counts(one: Cluster, batch_id: str) -> dict[str, int]:
    """How many tasks of the batch are in which state."""
    counts = json.loads(batch(one, "--json", batch_id).stdout)["counts"]
    return {state: count for state, count in counts.items() if count}


def test_a_task_that_sweeps_by_itself_is_one_task(cluster):
    one = cluster(runners=1)
    ids = submit(one, "--", "hakurun", "--keep-going", "sh", "-c", "echo $0; exit $0", "span:{0..3}")
    assert len(ids) == 1
    task = one.wait(ids[0])
    assert task["status"] == "failed" and task["exit_code"] == 3
    assert one.output(ids[0]).splitlines() == ["0", "1", "2", "3"]


def test_logs_of_a_thousand_tasks_come_whole_and_in_order(cluster):
    three = cluster(runners=3)
    ids = submit(three, "--cores", "0", "--", "sh", "-c", "echo number $0; [ $0 != 500 ] || echo oops >&2",
                 "span:{1..1000}")
    assert len(ids) == 1000
    wait_until(lambda: state_counts(three, ids[0]) == {"completed": 1000}, "all are done", 240)
    plain = batch(three, "logs", "-q", "last")
    assert plain.stdout.splitlines() == [f"number {i}" for i in range(1, 1001)] and plain.stderr == ""
    headed = batch(three, "logs", ids[500]).stdout
    assert headed.count("==> task ") == 1000
    assert "==> task " + ids[6] + ", completed: sh -c 'echo number $0; [ $0 != 500 ] || echo oops >&2' 7 <==\nnumber 7\n" in headed
    labelled = batch(three, "logs", "--label", ids[0]).stdout.splitlines()
    assert labelled == [f"{task}: number {i}" for i, task in enumerate(ids, 1)]
    errors = [json.loads(line) for line in batch(three, "logs", "--json", "--stderr", ids[0]).stdout.splitlines()]
    assert [value["text"] for value in errors] == ["oops\n" if i == 500 else "" for i in range(1, 1001)]
    assert [value["task_id"] for value in errors] == ids


def test_logs_of_a_large_output_need_little_memory(one: Cluster):
    ids = submit(one, "--", "sh", "-c", "head -c 200000000 /dev/zero | tr '\\0' $0", "span:[a,b]")
    assert batch(one, "wait", ids[0]).returncode == 0
    script = "ulimit -v 400000; exec hakuriver batch logs -q $0 | cksum"
    path = f"{BIN}:{one.environment.get('PATH', '/usr/bin:/bin')}"
    done = subprocess.run(["bash", "-o", "pipefail", "-c", script, ids[0]], capture_output=True, text=True, check=False,
                          env=one.environment | {"HAKURIVER_CONFIG": str(one.client_config), "PATH": path}, timeout=60)
    assert done.returncode == 0 and done.stdout.split()[1] == "400000000", (done.stdout, done.stderr)


def test_following_goes_through_all_tasks_until_the_last_has_ended(one: Cluster):
    gate = one.folder / "gate"
    ids = submit(one, "--", "sh", "-c", f"echo begin $0; while [ ! -e {gate} ]; do sleep 0.01; done; echo end $0",
                 "span:{1..6}")
    with subprocess.Popen([str(BIN / "hakuriver"), "batch", "logs", "-f", "--label", "last"], stdout=subprocess.PIPE,
                          text=True, env=one.environment | {"HAKURIVER_CONFIG": str(one.client_config)}) as client:
        assert client.stdout.readline() == f"{ids[0]}: begin 1\n"
        gate.touch()
        rest = client.stdout.read()
    assert client.returncode == 0
    assert rest.splitlines() == [f"{ids[0]}: end 1"] + [
        f"{task}: {word} {i}" for i, task in enumerate(ids[1:], 2) for word in ("begin", "end")]


def test_progress_wait_and_retry_of_what_failed(one: Cluster):
    good = one.folder / "good"
    ids = submit(one, "--", "sh", "-c", f"echo $0; [ $0 -lt 4 ] || [ -e {good} ] || exit 4$0", "span:{1..5}")
    waited = batch(one, "wait", ids[0])
    assert waited.returncode == 45 and "2 failed" in waited.stderr
    shown = batch(one, ids[2])
    assert "5 of 5 ended" in shown.stdout and "failed" in shown.stdout
    assert batch(one, "logs", "--failed", "--label", ids[0]).stdout == f"{ids[3]}: 4\n{ids[4]}: 5\n"
    good.touch()
    again = batch(one, "retry", "--json", ids[0])
    assert again.returncode == 0
    fresh = json.loads(again.stdout)["done"]
    assert len(fresh) == 2
    assert batch(one, "wait", "last").returncode == 0
    assert batch(one, "logs", "-q", "last").stdout == "4\n5\n"
    assert batch(one, "retry", "last").stderr == "no task of the batch failed\n"


def test_a_retry_keeps_indexes_and_limits(one: Cluster):
    good = one.folder / "good"
    script = f"echo $HAKURIVER_TASK_INDEX $0; [ -e {good} ] || [ $((HAKURIVER_TASK_INDEX % 2)) = 0 ]"
    ids = submit(one, "--count", "2", "--max-running", "1", "--", "sh", "-c", script, "span:[a,b,c]")
    assert batch(one, "wait", "last").returncode == 1
    assert batch(one, "retry", ids[0]).returncode == 0
    assert batch(one, "wait", "last").returncode == 1
    assert batch(one, "logs", "-q", "last").stdout == "1 b\n3 a\n5 c\n"
    good.touch()
    assert one.cli("retry", "last").returncode == 0
    assert batch(one, "wait", "last").returncode == 0
    assert batch(one, "logs", "-q", "last").stdout == "1 b\n3 a\n5 c\n"


def test_kill_pause_and_resume_of_a_batch(one: Cluster):
    ids = submit(one, "--max-running", "2", "--", "sleep", "span:{1001..1050}")
    wait_until(lambda: state_counts(one, ids[0]).get("running") == 2, "two run")
    assert batch(one, "pause", "last").returncode == 0
    assert state_counts(one, ids[0]) == {"paused": 50}, "those that wait do not start meanwhile"
    one.host.kill()
    one.start_host()
    one.wait_online("n1")
    assert state_counts(one, ids[0]) == {"paused": 50}
    assert "paused before it started" in one.cli("--status", ids[-1]).stdout
    assert batch(one, "resume", "last").returncode == 0
    assert state_counts(one, ids[0]) == {"pending": 48, "running": 2}
    killed = batch(one, "kill", "-q", "last")
    assert killed.returncode == 0 and sorted(killed.stdout.split(), key=int) == ids
    assert state_counts(one, ids[0]) == {"killed": 50}
    assert "ended already" in batch(one, "kill", "last").stderr


def test_limits_of_a_batch(one: Cluster):
    log = one.folder / "running"
    log.mkdir()
    # Every task leaves a mark while it runs and counts the marks.
    ids = submit(one, "--max-running", "3", "--cores", "0", "--", "sh", "-c",
                 f"touch {log}/$0; ls {log} | wc -l; sleep 0.05; rm {log}/$0", "span:{1..20}")
    assert batch(one, "wait", ids[0]).returncode == 0
    seen = [int(line) for line in batch(one, "logs", "-q", "last").stdout.split()]
    assert len(seen) == 20 and max(seen) <= 3
    ids = submit(one, "--max-fails", "2", "--max-running", "1", "--", "sh", "-c", "exit 7", "span:{1..30}")
    assert batch(one, "wait", ids[0]).returncode == 137
    assert state_counts(one, ids[0]) == {"failed": 3, "killed": 27}
    again = batch(one, "retry", "--killed", "--json", ids[0])
    assert len(json.loads(again.stdout)["done"]) == 30


def test_wrong_words(one: Cluster):
    assert one.cli("--", "echo", "span:file:/no/such/file").returncode == 2
    assert one.cli("--config", "/no/such/config.toml", "--list-nodes").returncode == 2
    for words, code, says in [(["77"], 125, "no batch 77"), (["lgs", "1"], 2, "logs"), (["logs"], 2, "missing"),
                              (["logs", "x"], 2, "x"), ([], 2, ""), (["logs", "--tail", "-1", "1"], 2, "--tail")]:
        done = batch(one, *words)
        assert done.returncode == code and says in done.stderr, (words, done)
    for words in (["--max-running", "0"], ["--max-running", "x"], ["--max-fails", "-1"]):
        done = one.cli(*words, "--", "true")
        assert done.returncode == 2 and words[0] in done.stderr
    assert one.counts() == {}
