#!/usr/bin/env python3
"""Refuses co_await expressions that g++ 12 compiles into a double free (docs/mistakes.md).

Within the full expression around a co_await it refuses
  * a braced temporary: `co_await f(Request{...})`, `co_await f({...})`;
  * a lambda with captures: `co_await f([owned] {...})`;
  * a conditional that chooses what to await: `co_await (fast ? a() : b())`;
  * unpacking in place: `auto [a, b] = co_await f()`.
Name it, then await it; await it, then unpack it.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

from sources import ROOT, code_of, cpp_files, report

OPEN, CLOSE = "([{", ")]}"
CONTROL = re.compile(r"\b(if|if constexpr|while|for|switch)\s*$")
GOES_ON = re.compile(r"\}\s*[,.)\]?&|+*/=<>-]")  # a brace after which the expression continues
LAMBDA = re.compile(r"(?<![\w)\]\[])\s*\[(?!\[)([^\]]*)\]\s*(?=[({]|mutable\b|<)")
# Durations own nothing, and their constructors make them no aggregates.
DURATION = re.compile(r"\bstd::chrono::\w+\{[^{}]*\}")
UNPACK = re.compile(r"\bauto\s*&{0,2}\s*\[[^\]]*\]\s*=")


def is_block(code: str, brace: int) -> bool:
    """Whether this brace opens statements: only those hold a semicolon of their own."""
    depth = 0
    for char in code[brace + 1 :]:
        if char in OPEN:
            depth += 1
        elif char in CLOSE:
            if depth == 0:
                return False
            depth -= 1
        elif char == ";" and depth == 0:
            return True
    return False


def start_of(code: str, position: int) -> int:
    """Where the full expression that holds this position begins."""
    depth = 0
    for i in range(position - 1, -1, -1):
        char = code[i]
        if char in CLOSE:
            if char == "}" and depth == 0 and not GOES_ON.match(code, i):
                return i + 1
            depth += 1
        elif char in OPEN:
            if depth > 0:
                depth -= 1
            elif char == "{" and is_block(code, i):
                return i + 1
            elif char == "(" and CONTROL.search(code[max(0, i - 16) : i]):
                return i + 1
        elif char == ";" and depth == 0:
            return i + 1
    return 0


def end_of(code: str, begin: int) -> int:
    """Where the full expression that begins here ends."""
    depth = 0
    for i in range(begin, len(code)):
        char = code[i]
        if char in OPEN:
            if char == "{" and depth == 0 and is_block(code, i):
                return i
            depth += 1
        elif char in CLOSE:
            if depth == 0:
                return i
            depth -= 1
        elif char == ";" and depth == 0:
            return i
    return len(code)


def chooses(expression: str, position: int) -> bool:
    """Whether a conditional decides what is awaited here. One that chooses a plain argument, or looks at the result
    without awaiting more, is fine."""
    if "?" in expression[:position]:
        return True
    operand = expression[position + len("co_await") :].lstrip()
    depth = 0
    for i, char in enumerate(operand):
        depth += (char in OPEN) - (char in CLOSE)
        if char == "?" and (depth == 0 or (depth == 1 and operand.startswith("("))):
            return depth == 1 or "co_await" in operand[i:]
    return False


def objection(expression: str, position: int) -> str | None:
    """What is wrong with this expression, whose co_await is at this position, if anything is."""
    if any(captures.strip() for captures in LAMBDA.findall(expression)):
        return "a lambda with captures; name it first"
    without_lambdas = re.sub(r"\[\s*\]\s*(\([^)]*\))?[^{};]*\{", "(", expression)
    if "{" in DURATION.sub("", without_lambdas):
        return "a braced temporary; name it first"
    if chooses(expression, position):
        return "a conditional; choose first, then await"
    if UNPACK.search(expression):
        return "unpacked in place; name the result, then unpack it"
    return None


def objections(code: str) -> list[tuple[int, str]]:
    """Position and objection of every refused co_await in code without comments and literals."""
    found = []
    for match in re.finditer(r"\bco_await\b", code):
        begin = start_of(code, match.start())
        why = objection(code[begin : end_of(code, begin)], match.start() - begin)
        if why:
            found.append((match.start(), why))
    return found


def problems_of(file: Path) -> list[str]:
    """One line per refused expression of this file."""
    code = code_of(file.read_text())
    where = file.relative_to(ROOT)
    return [
        f"{where}:{code.count(chr(10), 0, position) + 1}: this co_await stands beside {why}"
        for position, why in objections(code)
    ]


def main() -> int:
    """1 when any expression is refused."""
    files = cpp_files()
    return report(
        [problem for file in files for problem in problems_of(file)],
        f"awaits: {len(files)} files, every co_await stands alone",
    )


if __name__ == "__main__":
    sys.exit(main())
