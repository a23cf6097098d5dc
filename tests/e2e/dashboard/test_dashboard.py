"""The embedded dashboard in a real browser, against a real Host with real runners."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

WEB = Path(__file__).resolve().parents[3] / "web"
VITEST = WEB / "node_modules" / ".bin" / "vitest"
CHROMIUM = Path(os.environ.get("CHROMIUM", "/usr/bin/chromium"))
LIMIT = 110


def test_what_is_done_in_the_page_happens_in_the_system(cluster):
    """Runs web/tests/real: every case acts in the page and checks processes, files and the API."""
    if not VITEST.exists() or not CHROMIUM.exists():
        pytest.skip("needs chromium and web/node_modules (npm ci)")
    two = cluster(runners=2)
    if not two.api.get("/").headers["Content-Type"].startswith("text/html"):
        pytest.skip("this build has no dashboard")
    environment = os.environ | {"HAKURIVER_URL": f"http://127.0.0.1:{two.port}", "HAKURIVER_SHARED": str(two.shared)}
    done = subprocess.run(
        [VITEST, "run", "--config", "vitest.real.config.ts"],
        cwd=WEB,
        env=environment,
        capture_output=True,
        text=True,
        timeout=LIMIT,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
