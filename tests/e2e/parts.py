"""Processes of ours: starting them, watching them, ending them in kind and unkind ways."""

from __future__ import annotations

import os
import re
import signal
import subprocess
from collections.abc import Iterable
from pathlib import Path

from waiting import wait_until

STOP_LIMIT = 20
# What must never stand in a log, whatever the test did.
ALARMS = re.compile(
    r"AddressSanitizer|LeakSanitizer|ThreadSanitizer|runtime error:|terminate called|Assertion|SUMMARY: |stack smashing"
)


class Part:
    """One of our programs, with its log in a file. It can be started again after it has ended."""

    def __init__(self, name: str, argv: list[str], log: Path, environment: dict[str, str]) -> None:
        self.name = name
        self.argv = argv
        self.log = log
        self.environment = environment
        self.process: subprocess.Popen | None = None
        self.complaints: list[str] = []

    def start(self) -> None:
        """Starts it; does not wait until it is ready."""
        assert self.process is None, f"{self.name} runs already"
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self.argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=self.environment, start_new_session=True
            )

    @property
    def pid(self) -> int:
        """Of the running process."""
        assert self.process is not None, f"{self.name} does not run"
        return self.process.pid

    def kill(self) -> None:
        """Ends it as a power failure would."""
        self.signal(signal.SIGKILL)
        self.process.wait()
        self.process = None

    def stop(self) -> None:
        """Asks it to end; another exit code than 0 is noted as a complaint."""
        if self.process is None:
            return
        if self.process.poll() is None:
            self.signal(signal.SIGTERM)
        try:
            code = self.process.wait(STOP_LIMIT)
        except subprocess.TimeoutExpired:
            self.complaints.append(f"{self.name} did not end within {STOP_LIMIT} s of SIGTERM")
            self.kill()
            return
        self.process = None
        if code != 0:
            self.complaints.append(f"{self.name} ended with {code}; its log ends: {self.tail(500)}")

    def signal(self, number: int) -> None:
        """Any signal."""
        os.kill(self.pid, number)

    def wait_for_end(self, limit: float = STOP_LIMIT) -> int:
        """Its exit code, when it ends by itself."""
        code = self.process.wait(limit)
        self.process = None
        return code

    def tail(self, size: int = 4000) -> str:
        """The end of its log."""
        return self.log.read_text(errors="replace")[-size:] if self.log.exists() else ""

    def check(self) -> list[str]:
        """What is wrong with it: noted complaints, an end that nobody asked for, alarms in its log."""
        found = list(self.complaints)
        if self.process is not None and self.process.poll() is not None:
            found.append(f"{self.name} ended by itself with {self.process.returncode}: {self.tail(500)}")
        text = self.log.read_text(errors="replace") if self.log.exists() else ""
        if alarm := ALARMS.search(text):
            found.append(f"{self.name}'s log has an alarm: {text[alarm.start():alarm.start() + 3000]}")
        return found


def processes_of(folder: Path) -> dict[int, str]:
    """Living processes that have this folder in their command line, environment or working directory."""
    found = {}
    for proc in Path("/proc").iterdir():
        if not proc.name.isdigit() or int(proc.name) == os.getpid():
            continue
        try:
            words = (proc / "cmdline").read_bytes()
            around = words + (proc / "environ").read_bytes() + os.readlink(proc / "cwd").encode()
        except OSError:
            continue
        if str(folder).encode() in around:
            found[int(proc.name)] = words.replace(b"\0", b" ").decode(errors="replace").strip()
    return found


def is_alive(pid: int) -> bool:
    """Whether this process runs: a zombie that nobody has collected does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def end_all(pids: list[int]) -> None:
    """Kills these and waits until they are gone."""
    for pid in pids:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
    wait_until(lambda: not any(is_alive(pid) for pid in pids), f"{pids} are gone", STOP_LIMIT)


def cgroups_in(command_lines: Iterable[str]) -> set[Path]:
    """The control groups that keepers with these command lines had for their node."""
    words = [word for line in command_lines for word in line.split()]
    return {Path(word).parent.parent for word in words if word.endswith("/keeper/cgroup.procs")}


def remove_cgroup(folder: Path) -> bool:
    """Removes a control group and those in it; false when a process is still in one."""
    try:
        for path, _, _ in os.walk(folder, topdown=False):
            os.rmdir(path)
    except FileNotFoundError:
        pass
    except OSError:
        return False
    return True
