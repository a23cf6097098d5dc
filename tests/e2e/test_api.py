"""The door to the Host: who may enter, and what is said to those who knock wrongly."""

from __future__ import annotations

import json
import socket

import pytest

from api import JSON, events, status_of
from cluster import Cluster
from waiting import wait_until

SUBMIT = {"command": "true"}


@pytest.fixture(scope="module")
def host(shared_cluster) -> Cluster:
    """A Host without runners: enough for its door. Every test leaves it without a task."""
    return shared_cluster(runners=0)


def refused(host: Cluster, reply, *statuses: int) -> dict:
    """The error of a reply that must be a refusal and must have changed nothing."""
    assert reply.status in statuses, (reply.status, reply.text())
    assert host.counts() == {}
    return reply.error()


# ---- browsers ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["evil.example", "evil.example:80", "localhost.evil.example", "127.0.0.1.evil.example",
                                  "", "[::1", "a b"])
def test_a_foreign_host_header_is_refused(host: Cluster, name):
    for path in ("/api/nodes", "/", "/metrics"):
        reply = host.api.get(path, headers={"Host": name})
        assert reply.status in (400, 403, 421), (path, reply.status)
    reply = host.api.post("/api/tasks", SUBMIT, headers={"Host": name})
    assert reply.status in (400, 403, 421)
    assert host.counts() == {}


@pytest.mark.parametrize("name", ["localhost", "127.0.0.1", "[::1]", "10.1.2.3", "LOCALHOST"])
def test_our_own_names_are_taken(host: Cluster, name):
    assert host.api.get("/api/nodes", headers={"Host": f"{name}:{host.port}"}).status == 200


def test_a_configured_name_is_taken(cluster):
    host = cluster(runners=0, network__allowed_hosts=["river.lab"])
    assert host.api.get("/api/nodes", headers={"Host": f"river.lab:{host.port}"}).status == 200
    assert host.api.get("/api/nodes", headers={"Host": "other.lab"}).status == 421


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "https://127.0.0.1", "http://127.0.0.1:1", "file://"])
@pytest.mark.parametrize("method", ["POST", "DELETE", "GET"])
def test_a_page_of_another_site_is_refused(host: Cluster, origin, method):
    path = {"POST": "/api/tasks", "DELETE": "/api/nodes/n1", "GET": "/api/events"}[method]
    body = SUBMIT if method == "POST" else None
    refused(host, host.api.request(method, path, body, {"Origin": origin}), 403)


def test_our_own_page_is_let_in(host: Cluster):
    own = {"Origin": f"http://127.0.0.1:{host.port}", "Sec-Fetch-Site": "same-origin"}
    assert host.api.get("/api/nodes", headers=own).status == 200
    assert host.api.post("/api/tasks/1/kill", headers=own).status == 404


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_fetches_that_a_browser_marks_as_foreign_are_refused(host: Cluster, site):
    refused(host, host.api.post("/api/tasks", SUBMIT, headers={"Sec-Fetch-Site": site}), 403)
    refused(host, host.api.get("/api/tasks", headers={"Sec-Fetch-Site": site}), 403)


def test_no_other_origin_may_read_an_answer(host: Cluster):
    for method in ("OPTIONS", "GET"):
        reply = host.api.request(method, "/api/nodes", headers={"Access-Control-Request-Method": "POST"})
        assert not [name for name in reply.headers if name.lower().startswith("access-control-")]


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data",
                                          "text/json", "application/json-seq", ""])
def test_only_json_bodies_are_taken(host: Cluster, content_type):
    body = json.dumps(SUBMIT).encode()
    refused(host, host.api.post("/api/tasks", body, headers={"Content-Type": content_type}), 415)


def test_json_with_a_charset_is_json(cluster):
    one = cluster(runners=1)
    reply = one.api.post("/api/tasks", json.dumps(SUBMIT).encode(),
                         headers={"Content-Type": "Application/JSON; charset=utf-8"})
    assert reply.status == 202


@pytest.mark.parametrize("path", ["/api/runners/link", "/api/terminal/environments/x", "/api/terminal/tasks/1"])
def test_websockets_of_other_sites_are_refused(host: Cluster, path):
    answer = host.api.raw(
        (f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{host.port}\r\nOrigin: http://evil.example\r\nConnection: Upgrade\r\n"
         "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n").encode()
    )
    assert status_of(answer) in (403, 404)


# ---- bodies -----------------------------------------------------------------------------------------

WRONG_BODIES = [
    ("", "/"), ("{", "/"), ("[]", ""), ("null", ""), ('"x"', ""), ("{}", "/command"), ('{"command":""}', "/command"),
    ('{"command":1}', "/command"), ('{"command":"a","comand":"b"}', "/comand"), ('{"command":"a\\u0000b"}', "/arguments"),
    ('{"command":"a","arguments":"b"}', "/arguments"), ('{"command":"a","arguments":["b",1]}', "/arguments/1"),
    ('{"command":"a","arguments":["b\\u0000"]}', "/arguments"),
    ('{"command":"a","env_vars":{"A=B":"c"}}', "/env_vars"), ('{"command":"a","env_vars":{"":"c"}}', "/env_vars"),
    ('{"command":"a","env_vars":{"A":1}}', "/env_vars/A"), ('{"command":"a","env_vars":["A"]}', "/env_vars"),
    ('{"command":"a","required_cores":-1}', "/required_cores"), ('{"command":"a","required_cores":0.5}', "/required_cores"),
    ('{"command":"a","required_cores":"2"}', "/required_cores"), ('{"command":"a","required_cores":1e9}', "/required_cores"),
    ('{"command":"a","required_cores":1E425}', ""), ('{"command":"a","required_cores":NaN}', ""),
    ('{"command":"a","required_cores":99999999999999999999}', "/required_cores"),
    ('{"command":"a","required_memory_bytes":-5}', "/required_memory_bytes"),
    ('{"command":"a","required_memory_bytes":1000}', "/required_memory_bytes"),
    ('{"command":"a","required_memory_bytes":18446744073709551616}', "/required_memory_bytes"),
    ('{"command":"a","required_memory_bytes":"512M"}', "/required_memory_bytes"),
    ('{"command":"a","gpu_count":-1}', "/gpu_count"), ('{"command":"a","priority":1001}', "/priority"),
    ('{"command":"a","count":0}', "/count"), ('{"command":"a","count":1000000000}', "/count"),
    ('{"command":"a","strategy":"worst-fit"}', "/strategy"), ('{"command":"a","working_directory":"tmp"}', "/working_directory"),
    ('{"command":"a","targets":[""]}', "/targets/0"), ('{"command":"a","targets":["n1:"]}', "/targets/0"),
    ('{"command":"a","targets":["n1::"]}', "/targets/0"), ('{"command":"a","targets":["n1:-1"]}', "/targets/0"),
    ('{"command":"a","targets":["n1","n1::0,0"]}', "/targets/1"), ('{"command":"a","targets":["::0"]}', "/targets/0"),
    ('{"command":"a","targets":["../n1"]}', "/targets/0"), ('{"command":"a","targets":["n\\u043e1"]}', "/targets/0"),
    ('{"command":"a","targets":"n1"}', "/targets"), ('{"command":"a","required_gpus":[[0]]}', "/required_gpus"),
    ('{"command":"a","additional_mounts":["/a:/b"]}', "/additional_mounts"), ('{"command":"a","privileged":true}', "/privileged"),
    ('{"command":"a","container_name":"../x"}', "/container_name"), ('{"command":"a","container_name":"a b"}', "/container_name"),
]


@pytest.mark.parametrize(("body", "path"), WRONG_BODIES)
def test_wrong_submissions_name_the_field(host: Cluster, body, path):
    error = refused(host, host.api.post("/api/tasks", body.encode(), headers=JSON), 400, 422)
    assert error["code"] == "invalid"
    if path.startswith("/") and path != "/":
        assert any(field["path"].startswith(path) for field in error["fields"]), error


def test_all_mistakes_are_told_together(host: Cluster):
    body = {"command": "", "required_cores": -1, "priority": 5000, "targets": ["n1:x"]}
    error = refused(host, host.api.post("/api/tasks", body), 400, 422)
    assert {field["path"] for field in error["fields"]} >= {"/command", "/required_cores", "/priority", "/targets/0"}


def test_ten_thousand_targets_is_the_most(host: Cluster):
    body = SUBMIT | {"targets": ["n1"] * 10_001}
    error = refused(host, host.api.post("/api/tasks", body), 400, 413, 422)
    assert "10000" in error["message"].replace(",", "").replace("'", "")


def test_a_deep_body_is_refused(host: Cluster):
    deep = b'{"command":"a","arguments":' + b"[" * 10_000 + b"]" * 10_000 + b"}"
    refused(host, host.api.post("/api/tasks", deep, headers=JSON), 400, 422)


def test_a_large_body_is_refused_before_it_is_sent(host: Cluster):
    head = (f"POST /api/tasks HTTP/1.1\r\nHost: 127.0.0.1:{host.port}\r\nContent-Type: application/json\r\n"
            "Content-Length: 1000000000\r\n\r\n").encode()
    assert status_of(host.api.raw(head)) == 413


def test_a_long_command_line_is_refused(host: Cluster):
    refused(host, host.api.post("/api/tasks", {"command": "a", "arguments": ["x" * 3_000_000]}), 400, 413, 422)


def test_duplicate_keys_and_invalid_utf8_are_no_json(host: Cluster):
    refused(host, host.api.post("/api/tasks", b'{"command":"\xff\xfe"}', headers=JSON), 400, 422)
    refused(host, host.api.post("/api/tasks", b'{"command":"","command":""}', headers=JSON), 400, 422)


# ---- paths and queries --------------------------------------------------------------------------------


@pytest.mark.parametrize("task_id", ["0", "-1", "abc", "1.5", "99999999999999999999", "1%20", "%31x", "%EF%BC%91"])
def test_ids_that_are_none(host: Cluster, task_id):
    for suffix in ("", "/stdout", "/explain", "/history"):
        reply = host.api.get(f"/api/tasks/{task_id}{suffix}")
        assert reply.status in (400, 404, 422), reply.text()
        assert reply.error()["message"]


@pytest.mark.parametrize("task_id", ["%00", "..%2f..", "1%2fstdout", "%zz", "%"])
def test_paths_with_odd_escapes(host: Cluster, task_id):
    assert host.api.get(f"/api/tasks/{task_id}").status in (400, 404, 422)


def test_a_task_that_is_not_there(host: Cluster):
    for method, path in [("GET", ""), ("GET", "/stdout"), ("GET", "/stderr"), ("GET", "/explain"), ("GET", "/history"),
                         ("POST", "/kill"), ("POST", "/pause"), ("POST", "/resume"), ("POST", "/retry")]:
        reply = host.api.request(method, f"/api/tasks/4711{path}")
        assert reply.status == 404 and "4711" in reply.error()["message"], (path, reply.text())


@pytest.mark.parametrize("query", ["limit=0", "limit=-1", "limit=1001", "limit=x", "status=done", "after=x", "batch=x"])
def test_wrong_queries(host: Cluster, query):
    assert host.api.get(f"/api/tasks?{query}").error()["code"] == "invalid"


@pytest.mark.parametrize("path", ["/../etc/passwd", "/%2e%2e/%2e%2e/etc/passwd", "/..%2f..%2fetc%2fpasswd", "/assets/../../x",
                                  "//etc/passwd", "/%00", "/.git/config"])
def test_no_path_leads_out(host: Cluster, path):
    reply = host.api.get(path)
    assert b"root:" not in reply.body
    assert reply.status in (200, 301, 308, 400, 404)


def test_addresses_that_are_none_of_the_apis_are_refused_as_every_mistake(host: Cluster):
    for path in ("/api/nope", "/api/tasks/1/bogus", "/api/"):
        reply = host.api.get(path)
        assert (reply.status, reply.error()["code"]) == (404, "not_found")
        assert path in reply.error()["message"]
    wrong = host.api.delete("/api/nodes")
    assert (wrong.status, wrong.error()["code"], wrong.headers["Allow"]) == (405, "unsupported", "GET, HEAD")


@pytest.mark.parametrize("method", ["PUT", "PATCH", "TRACE", "CONNECT", "BREW"])
def test_other_methods_are_refused(host: Cluster, method):
    answer = host.api.raw(f"{method} /api/tasks HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n".encode())
    assert status_of(answer) in (400, 404, 405, 415, 501)


@pytest.mark.parametrize(("asked", "status"), [
    ("bytes=-1", (206,)), ("bytes=0-99999999999999", (206,)), ("bytes=9999999-", (416,)), ("bytes=3-1", (200, 400, 416)),
    ("bytes=a-b", (200, 400, 416)), ("bytes=-0", (200, 416)), ("lines=1-2", (200,)), ("bytes=" + "0-1," * 3000 + "0-1", (200, 400, 416, 431)),
])
def test_odd_ranges(one: Cluster, asked, status):
    task_id = one.run("echo", "hello")["task_id"]
    assert one.api.get(f"/api/tasks/{task_id}/stdout", headers={"Range": asked}).status in status


# ---- HTTP itself ----------------------------------------------------------------------------------------


def post(host: Cluster, *lines: str, body: str = "") -> bytes:
    """A raw POST with these header lines."""
    head = ["POST /api/tasks HTTP/1.1", f"Host: 127.0.0.1:{host.port}", "Content-Type: application/json", *lines]
    return ("\r\n".join(head) + "\r\n\r\n" + body).encode()


@pytest.mark.parametrize(
    "lines",
    [["Content-Length: 5", "Content-Length: 6"], ["Content-Length: 2", "Transfer-Encoding: chunked"],
     ["Content-Length: -1"], ["Content-Length: 1x"], ["Transfer-Encoding: gzip"], ["Content-Length : 2"],
     ["X-Folded: a", " b"], ["Bad Header: x", "Content-Length: 0"]],
)
def test_ambiguous_requests_are_refused(host: Cluster, lines):
    assert status_of(host.api.raw(post(host, *lines, body="{}"))) in (400, 415, 422, 501)
    assert host.counts() == {}


@pytest.mark.parametrize("chunks", ["zz\r\n", "-1\r\n", "ffffffffffffffffff\r\n", "2\r\n{}x\r\n0\r\n\r\n"])
def test_bad_chunks_are_refused(host: Cluster, chunks):
    assert status_of(host.api.raw(post(host, "Transfer-Encoding: chunked", body=chunks))) in (0, 400, 413)
    assert host.counts() == {}


def test_good_chunks_are_taken(cluster):
    one = cluster(runners=1)
    body = "b\r\n" + '{"command":' + "\r\n7\r\n" + '"true"}' + "\r\n0\r\n\r\n"
    assert status_of(one.api.raw(post(one, "Transfer-Encoding: chunked", body=body))) == 202


@pytest.mark.parametrize("data", [b"\r\n\r\n", b"GET\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"\x16\x03\x01\x02\x00\x01\x00",
                                  b"GET /\x00 HTTP/1.1\r\nHost: localhost\r\n\r\n", b"A" * 100_000,
                                  b"GET / HTTP/1.1\r\n" + b"X: " + b"y" * 200_000 + b"\r\n\r\n",
                                  b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 20_000 + b"\r\n"])
def test_what_is_no_request_is_answered_or_dropped(host: Cluster, data):
    with socket.create_connection(("127.0.0.1", host.port), timeout=30) as connection:
        try:
            connection.sendall(data)
            connection.shutdown(socket.SHUT_WR)
            answer = connection.recv(65536)
        except (BrokenPipeError, ConnectionResetError):
            answer = b""
    assert status_of(answer) in (0, 400, 413, 414, 421, 431, 505)
    assert host.api.get("/healthz").status == 200


def test_a_request_without_a_host_is_refused(host: Cluster):
    assert status_of(host.api.raw(b"GET /api/nodes HTTP/1.1\r\n\r\n")) in (400, 421)


def test_slow_senders_do_not_hold_up_others(host: Cluster):
    slow = [socket.create_connection(("127.0.0.1", host.port), timeout=30) for _ in range(50)]
    for connection in slow:
        connection.sendall(b"GET /api/nodes HTTP/1.1\r\nHo")
    assert host.api.get("/api/nodes", limit=5).status == 200
    for connection in slow:
        connection.close()


# ---- what it serves ---------------------------------------------------------------------------------


def test_security_headers(host: Cluster):
    reply = host.api.get("/api/nodes")
    assert reply.headers["X-Content-Type-Options"] == "nosniff"
    assert "Server" not in reply.headers or "Boost" not in reply.headers["Server"]


def test_the_openapi_document_names_every_route(host: Cluster):
    document = host.api.get("/api/openapi.json").json()
    assert document["openapi"].startswith("3.1")
    for path in ("/api/tasks", "/api/tasks/{id}", "/api/nodes", "/api/health", "/api/cluster", "/api/events"):
        assert path in document["paths"], path
    text = json.dumps(document)
    for name in ("SubmitRequest", "Task", "Node", "Cluster"):
        assert name in document["components"]["schemas"], name
    for reference in {part.split('"')[0] for part in text.split('"#/components/schemas/')[1:]}:
        assert reference in document["components"]["schemas"], reference


def test_the_originals_routes_answer(one: Cluster):
    (task_id,) = one.api.post("/api/submit", {"command": "sh", "arguments": ["-c", "echo hi"]}).json()["task_ids"]
    assert one.wait(task_id)["status"] == "completed"
    assert one.api.get(f"/api/status/{task_id}").json()["task_id"] == task_id
    assert one.api.get(f"/api/task/{task_id}/stdout").text() == "hi\n"
    assert one.api.post(f"/api/kill/{task_id}").status == 409
    assert one.api.post(f"/api/command/{task_id}/pause").status == 409
    assert one.api.post(f"/api/command/{task_id}/dance").status in (400, 404, 422)


def test_metrics_are_prometheus_text(one: Cluster):
    one.run("true")
    wait_until(lambda: 'hakuriver_tasks{state="completed"} 1' in one.api.get("/metrics").text(), "it is counted")
    reply = one.api.get("/metrics")
    assert reply.headers["Content-Type"].startswith("text/plain")
    lines = [line for line in reply.text().splitlines() if line and not line.startswith("#")]
    assert lines and all(line.startswith(("hakuriver_", "process_")) for line in lines), lines
    assert all(float(line.rsplit(" ", 1)[1]) >= 0 for line in lines)


def test_health_has_a_sample_each_second(one: Cluster):
    health = wait_until(lambda: (h := one.api.get("/api/health").json())["nodes"] and h, "there are samples")
    (node,) = health["nodes"][-1]
    assert node["hostname"] == "n1" and node["memory_total_bytes"] > 0
    assert len(health["aggregate"]) == len(health["nodes"]) <= 60
    assert health["aggregate"][-1]["onlineNodes"] == 1
    assert one.api.get("/api/health?hostname=n1").status == 200
    assert one.api.get("/api/health?hostname=n9").status == 404


def test_the_last_hour_comes_in_steps_of_ten_seconds(one: Cluster):
    hour = wait_until(lambda: (h := one.api.get("/api/health?range=hour").json())["aggregate"] and h, "ten seconds have passed")
    assert hour["nodes"] == [] and hour["aggregate"][-1]["onlineNodes"] == 1
    assert 0 <= hour["aggregate"][-1]["avgCpuPercent"] <= 100


def test_live_events_tell_the_life_of_a_task(one: Cluster):
    stream = one.api.open_stream("/api/events")
    assert stream.headers["Content-Type"].startswith("text/event-stream")
    source = events(stream)
    name, data = next(source)
    assert name == "hello" and data["version"]
    task_id = one.submit_one("sh", "-c", "sleep 0.3")
    seen = []
    for name, data in source:
        if name == "tasks":
            seen += [task["status"] for task in data["tasks"] if task["task_id"] == task_id]
        if seen and seen[-1] == "completed":
            break
    assert "running" in seen
    stream.close()


def test_many_watchers_of_events(one: Cluster):
    streams = [events(one.api.open_stream("/api/events")) for _ in range(50)]
    assert [next(stream)[0] for stream in streams] == ["hello"] * 50
    task_id = one.run("true")["task_id"]
    for stream in streams:
        assert any(
            name == "tasks" and any(task["task_id"] == task_id and task["status"] == "completed" for task in data["tasks"])
            for name, data in stream
        )


def test_the_numbers_of_the_cluster(one: Cluster):
    one.run("true")
    wait_until(lambda: one.counts() == {"completed": 1}, "it is counted")
    view = one.api.get("/api/cluster").json()
    assert (view["nodes_online"], view["nodes_total"], view["cores_total"], view["cores_in_use"]) == (1, 1, 4, 0)
    assert view["tasks"]["completed"] == 1 and view["version"]


def test_the_numbers_of_a_node(one: Cluster):
    node = one.api.get("/api/nodes/n1").json()
    assert (node["status"], node["total_cores"], node["memory_total_bytes"]) == ("online", 4, 2_000_000_000)
    assert node["numa_topology"] and node["last_heartbeat"]
    assert one.api.get("/api/nodes/n9").status == 404
    wait_until(lambda: one.node("n1")["memory_used_bytes"] > 0, "usage is reported")
