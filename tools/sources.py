"""Where the project's own C++ lies, and how the checks read it."""

from __future__ import annotations

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

# Comments and literals, in the order a compiler meets them.
NOT_CODE = re.compile(
    r'R"(?P<tag>[^()\\\s]{0,16})\(.*?\)(?P=tag)"'
    r'|"(?:\\.|[^"\\\n])*"'
    r"|(?<![0-9A-Za-z_])'(?:\\.|[^'\\\n])+'"
    r"|//[^\n]*"
    r"|/\*.*?\*/",
    re.DOTALL,
)


def cpp_files() -> list[Path]:
    """Every source and header that the project owns."""
    folders = (ROOT / name for name in ("apps", "bench", "src", "tests"))
    found = (file for folder in folders for file in folder.rglob("*") if file.suffix in (".cpp", ".hpp"))
    return sorted(found)


def code_of(text: str) -> str:
    """The text with comments and literals blanked, positions and line numbers kept."""
    return NOT_CODE.sub(lambda match: re.sub(r"[^\n]", " ", match[0]), text)


def report(problems: list[str], checked: str) -> int:
    """Prints the problems, or one line that says what was looked at; the exit status."""
    for problem in problems:
        print(problem, file=sys.stderr)
    if not problems:
        print(checked)
    return 1 if problems else 0
