#!/usr/bin/env python3
"""Refuses files that have grown too long to do one thing."""

from __future__ import annotations

import sys
from pathlib import Path

from sources import ROOT, cpp_files, report

LONGEST = 450  # lines; most files stay under 350
OTHER_SOURCES = ("tools/**/*.py", "tools/**/*.sh", "tests/**/*.py", "tests/**/*.sh", "web/src/**/*.ts",
                 "web/src/**/*.vue", "web/tests/**/*.ts")


GENERATED = ROOT / "web/src/api/schema.ts"


def sources() -> list[Path]:
    """Every file that people write by hand."""
    others = {file for pattern in OTHER_SOURCES for file in ROOT.glob(pattern)} - {GENERATED}
    return cpp_files() + sorted(others)


def main() -> int:
    """1 when any file is too long."""
    files = sources()
    lengths = [(len(file.read_text().splitlines()), file.relative_to(ROOT)) for file in files]
    return report(
        [f"{path}: {lines} lines, at most {LONGEST} (split it by what it does)"
         for lines, path in lengths if lines > LONGEST],
        f"lengths: {len(files)} files, the longest has {max(lines for lines, _ in lengths)} lines",
    )


if __name__ == "__main__":
    sys.exit(main())
