#!/usr/bin/env python3
"""Refuses includes that break the layers.

The build already refuses to link a library that cmake/Layers.cmake does not allow; this check also
reads the includes, for a header can be used without linking anything:
  * a library includes only libraries that cmake/Layers.cmake allows it;
  * the libraries of levels 0 to 2 do no I/O and start no threads, and include no Boost;
  * the pure ones also know no clock, no randomness and no log;
  * a heavy header has one home.
Unit tests may include what they need to look at the world.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

from sources import ROOT, cpp_files, report

INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"]+)[>"]', re.MULTILINE)
EDGE = re.compile(r'^set\(hk_may_use_(\w+)\s+"?([^")]*)"?\)', re.MULTILINE)

LOW = ("base", "json", "model", "span", "proto", "config", "sched", "agent")
PURE = ("model", "span", "proto", "sched", "agent")

# header prefix -> why a library of the low levels must not include it
NOT_IN_LOW = {
    "boost/": "Boost belongs to level 3 and above",
    "sqlite3": "the database belongs to store",
    "sys/": "the operating system belongs to level 3 and above",
    "thread": "threads belong to level 3 and above",
    "fstream": "files belong to level 3 and above",
}
NOT_IN_PURE = {
    "random": "a pure library is given its random numbers",
    "mutex": "a pure library is used from one thread",
    "unistd.h": "a pure library does no I/O",
    "filesystem": "a pure library does no I/O",
    "iostream": "a pure library does no I/O",
    "base/log.hpp": "a pure library returns what is worth logging",
    "base/file.hpp": "a pure library does no I/O",
}
# The exceptions, each with its reason.
ALLOWED = {
    ("json", "boost/json"): "the library that wraps it",
    ("json", "boost/describe"): "the library that wraps it",
    ("json", "boost/mp11"): "the library that wraps it",
    ("base", "sys/"): "base/file.cpp is the one door to durable file writes",
}
# header prefix -> the files that may include it (regular expression over the path)
HOMES = {
    "boost/beast": r"src/net/[^/]+\.cpp",
    "CLI/": r"src/cli/parser\.cpp",
    "toml++/": r"src/config/toml\.cpp",
    "spdlog/": r"src/base/log\.cpp",
    "sqlite3": r"src/store/.*",
    "SQLiteCpp/": r"src/store/.*",
    "boost/json": r"src/json/.*",
}


def allowed_edges() -> dict[str, set[str]]:
    """The table of cmake/Layers.cmake: library -> libraries it may use."""
    text = (ROOT / "cmake/Layers.cmake").read_text()
    return {name: {name, *libraries.split()} for name, libraries in EDGE.findall(text)}


def problems_of(file: Path, edges: dict[str, set[str]]) -> list[str]:
    """One line per include of this file that breaks a rule."""
    path = file.relative_to(ROOT).as_posix()
    text = file.read_text()
    found = []
    for match in INCLUDE.finditer(text):
        why = objection(path, match[2], edges)
        if why:
            line = text.count("\n", 0, match.start()) + 1
            found.append(f"{path}:{line}: includes {match[2]}: {why}")
    return found


def objection(path: str, header: str, edges: dict[str, set[str]]) -> str | None:
    """Why this file must not include this header, if it must not."""
    if "/tests/" in path or path.startswith("tests/"):
        return None
    for prefix, home in HOMES.items():
        if header.startswith(prefix) and not re.fullmatch(home, path):
            return f"only {home} may"
    if not path.startswith("src/"):
        return None
    library = path.split("/")[1]
    used = header.split("/")[0] if "/" in header else None
    if used in edges and used not in edges.get(library, set()):
        return f"'{library}' may not use '{used}' (cmake/Layers.cmake)"
    return banned(library, header)


def banned(library: str, header: str) -> str | None:
    """The rules that look at one library's level only."""
    if any(library == owner and header.startswith(prefix) for owner, prefix in ALLOWED):
        return None
    rules = (NOT_IN_LOW if library in LOW else {}) | (NOT_IN_PURE if library in PURE else {})
    for prefix, why in rules.items():
        if header == prefix or (prefix.endswith("/") and header.startswith(prefix)):
            return why
        if prefix == "sqlite3" and header.startswith(prefix):
            return why
    return None


def main() -> int:
    """1 when any include breaks a rule."""
    edges = allowed_edges()
    files = cpp_files()
    return report(
        [problem for file in files for problem in problems_of(file, edges)],
        f"layers: {len(files)} files, no include breaks them",
    )


if __name__ == "__main__":
    sys.exit(main())
