"""The embedded dashboard in a real browser, against a real Host with real runners.

What is done in the page is in web/tests/real; every case there checks processes, files, containers and the API. A case
that needs a part to fail writes what shall happen into a file, which is read here.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from pathlib import Path

import pytest
from cluster import Cluster
from container_lab import container_lab
from engine import why_not

WEB = Path(__file__).resolve().parents[3] / "web"
API = WEB / "openapi.json"
VITEST = WEB / "node_modules" / ".bin" / "vitest"
CHROMIUM = Path(os.environ.get("CHROMIUM", "/usr/bin/chromium"))
LIMIT = 170
PAUSE = 0.05


def test_what_is_done_in_the_page_happens_in_the_system(cluster):
    need_browser()
    two = cluster(runners=2)
    run_in_browser(two, "dashboard.test.ts")


def test_the_page_says_what_is_gone_and_recovers(cluster):
    need_browser()
    two = cluster(runners=2, timing__heartbeat_timeout_factor=3)
    run_in_browser(two, "mishaps.test.ts")


@pytest.mark.skipif(why_not() != "", reason=why_not() or "never")
def test_environments_are_made_used_and_deleted_from_the_page(tmp_path_factory):
    need_browser()
    with container_lab(tmp_path_factory.mktemp("lab")) as (lab, engine):
        run_in_browser(lab, "environments.test.ts", HAKURIVER_ENGINE=str(engine.socket))


@pytest.mark.skipif(why_not() != "", reason=why_not() or "never")
def test_terminals_in_tasks_are_opened_from_the_page(tmp_path_factory):
    need_browser()
    with container_lab(tmp_path_factory.mktemp("lab")) as (lab, _):
        run_in_browser(lab, "terminals.test.ts")


def test_the_dashboard_knows_the_api_as_the_host_describes_it(one):
    """Its types are made from this file; HK_ACCEPT=1 writes it anew."""
    served = one.api.get("/api/openapi.json").json()
    served["info"]["version"] = "0"
    text = json.dumps(served, indent=1) + "\n"
    if os.environ.get("HK_ACCEPT") == "1":
        API.write_text(text)
    assert json.loads(API.read_text()) == served, "web/openapi.json is not what the Host serves: run this with HK_ACCEPT=1"


def need_browser() -> None:
    if not VITEST.exists() or not CHROMIUM.exists():
        pytest.skip("needs chromium and web/node_modules (npm ci)")


def run_in_browser(cluster: Cluster, file: str, **more: str) -> None:
    """Runs one file of web/tests/real against the cluster."""
    if not cluster.api.get("/").headers["Content-Type"].startswith("text/html"):
        pytest.skip("this build has no dashboard")
    orders = cluster.folder / "orders"
    environment = os.environ | more | {
        "HAKURIVER_URL": f"http://127.0.0.1:{cluster.port}",
        "HAKURIVER_SHARED": str(cluster.shared),
        "HAKURIVER_ORDERS": str(orders),
    }
    with (cluster.folder / "vitest.log").open("w+") as log:
        running = subprocess.Popen(
            [VITEST, "run", "--config", "vitest.real.config.ts", f"tests/real/{file}"],
            cwd=WEB, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
        )
        try:
            obey_until_it_ends(cluster, running, orders)
        finally:
            running.kill()
        log.seek(0)
        assert running.returncode == 0, log.read()


def obey_until_it_ends(cluster: Cluster, running: subprocess.Popen, orders: Path) -> None:
    deadline = time.monotonic() + LIMIT
    while running.poll() is None:
        assert time.monotonic() < deadline, f"the browser's tests take longer than {LIMIT} s"
        if orders.exists():
            obey(cluster, orders.read_text())
            orders.unlink()
        time.sleep(PAUSE)


def obey(cluster: Cluster, order: str) -> None:
    """Makes a part fail, or work again."""
    verb, _, name = order.partition(" ")
    part = cluster.host if name == "host" else cluster.runners[name]
    if verb == "kill":
        part.kill()
    elif verb == "start":
        part.start()
    else:
        part.signal({"freeze": signal.SIGSTOP, "thaw": signal.SIGCONT}[verb])
