"""Waiting for something to become true, with a limit."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")
PAUSE = 0.02


def wait_until(condition: Callable[[], T], what: str, limit: float = 30) -> T:
    """Returns the first true value of the condition; fails, naming `what`, after the limit."""
    deadline = time.monotonic() + limit
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {limit} s: {what}; last seen: {value!r}")
        time.sleep(PAUSE)
