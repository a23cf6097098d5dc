"""A terminal for programs that want one."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import select
import struct
import subprocess
import termios
import time

LIMIT = 60


def take_terminal() -> None:
    """Makes standard input the terminal that sends this process its signals."""
    os.setsid()
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


class Terminal:
    """Runs a program in a pseudo terminal; types into it and reads what it shows."""

    def __init__(self, words: list[str], environment: dict[str, str], rows: int = 24, columns: int = 80) -> None:
        self.raw = b""
        self.master, slave = pty.openpty()
        self.resize(rows, columns)
        self.process = subprocess.Popen(
            words, stdin=slave, stdout=slave, stderr=slave, env=environment | {"TERM": "xterm"},
            preexec_fn=take_terminal,  # noqa: PLW1509 (there are no threads)
        )
        os.close(slave)

    @property
    def shown(self) -> str:
        """All that has been shown."""
        return self.raw.decode(errors="replace")

    def resize(self, rows: int, columns: int) -> None:
        """Makes the window another size; the program is told."""
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def type(self, text: str) -> None:
        """Types it, however much it is."""
        data = text.encode()
        while data:
            data = data[os.write(self.master, data) :]

    def wait_for(self, text: str) -> None:
        """Reads on until this has been shown."""
        deadline = time.monotonic() + LIMIT
        while text not in self.shown:
            assert time.monotonic() < deadline, f"{text!r} was not shown within {LIMIT} s, but {self.shown!r}"
            if select.select([self.master], [], [], 1)[0]:
                self.read()

    def read(self) -> None:
        """Takes in what has been shown since; nothing when nobody writes there any more."""
        with contextlib.suppress(OSError):
            self.raw += os.read(self.master, 65536)

    def end(self) -> int:
        """Waits for the program's end; its exit code."""
        deadline = time.monotonic() + LIMIT
        while self.process.poll() is None:
            assert time.monotonic() < deadline, f"it does not end; it has shown {self.shown!r}"
            if select.select([self.master], [], [], 0.1)[0]:
                self.read()
        while select.select([self.master], [], [], 0)[0]:
            before = len(self.raw)
            self.read()
            if len(self.raw) == before:
                break
        return self.process.returncode

    def close(self) -> None:
        """Ends the program if it runs, and the terminal."""
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        os.close(self.master)
