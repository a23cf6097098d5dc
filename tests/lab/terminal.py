"""A terminal for programs that want one."""

from __future__ import annotations

import contextlib
import os
import pty
import select
import subprocess
import time

LIMIT = 60


class Terminal:
    """Runs a program in a pseudo terminal; types into it and reads what it shows."""

    def __init__(self, words: list[str], environment: dict[str, str]) -> None:
        self.shown = ""
        self.master, slave = pty.openpty()
        self.process = subprocess.Popen(
            words, stdin=slave, stdout=slave, stderr=slave, env=environment | {"TERM": "xterm"}, start_new_session=True
        )
        os.close(slave)

    def type(self, text: str) -> None:
        """Types it."""
        os.write(self.master, text.encode())

    def wait_for(self, text: str) -> None:
        """Reads on until this has been shown."""
        deadline = time.monotonic() + LIMIT
        while text not in self.shown:
            assert time.monotonic() < deadline, f"{text!r} was not shown within {LIMIT} s, but {self.shown!r}"
            if select.select([self.master], [], [], 1)[0]:
                self.shown += self.read()

    def read(self) -> str:
        """What has been shown since; empty when nobody writes there any more."""
        with contextlib.suppress(OSError):
            return os.read(self.master, 65536).decode(errors="replace")
        return ""

    def end(self) -> int:
        """Waits for the program's end; its exit code."""
        deadline = time.monotonic() + LIMIT
        while self.process.poll() is None:
            assert time.monotonic() < deadline, f"it does not end; it has shown {self.shown!r}"
            if select.select([self.master], [], [], 0.1)[0]:
                self.shown += self.read()
        return self.process.returncode

    def close(self) -> None:
        """Ends the program if it runs, and the terminal."""
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        os.close(self.master)
