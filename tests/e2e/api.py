"""The Host's API as a test sees it: plain requests, and raw bytes where a client library would be too polite."""

from __future__ import annotations

import http.client
import json
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import Message
from typing import Any

LIMIT = 30
JSON = {"Content-Type": "application/json"}


@dataclass
class Reply:
    """What the Host answered."""

    status: int
    headers: Message
    body: bytes

    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)

    def text(self) -> str:
        """The body as text."""
        return self.body.decode()

    def error(self) -> dict:
        """The error in the body; fails when it has not the shape that every error has."""
        body = self.json()
        assert set(body["error"]) == {"code", "message", "fields"}, body
        assert body["detail"] == body["error"]["message"] != "", body
        return body["error"]


class Api:
    """Requests to one Host, each over a connection of its own."""

    def __init__(self, port: int) -> None:
        self.port = port

    def request(
        self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None, limit: float = LIMIT
    ) -> Reply:
        """Any request. A body that is not bytes is sent as JSON."""
        sent = dict(headers or {})
        if body is not None and not isinstance(body, bytes):
            body = json.dumps(body).encode()
            sent = JSON | sent
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=limit)
        try:
            connection.request(method, path, body, sent)
            response = connection.getresponse()
            return Reply(response.status, response.headers, response.read())
        finally:
            connection.close()

    def get(self, path: str, **more: Any) -> Reply:
        """GET."""
        return self.request("GET", path, **more)

    def post(self, path: str, body: Any = None, **more: Any) -> Reply:
        """POST."""
        return self.request("POST", path, body, **more)

    def delete(self, path: str, **more: Any) -> Reply:
        """DELETE."""
        return self.request("DELETE", path, **more)

    def raw(self, data: bytes, limit: float = LIMIT) -> bytes:
        """Sends bytes as they are, and returns everything until the Host closes or has answered in full."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=limit) as connection:
            connection.sendall(data)
            return read_reply(connection)

    def open_stream(self, path: str, limit: float = LIMIT) -> http.client.HTTPResponse:
        """A GET whose body is read piece by piece; close it."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=limit)
        connection.request("GET", path, headers={"Accept": "text/event-stream"} if "events" in path else {})
        return connection.getresponse()


def read_reply(connection: socket.socket) -> bytes:
    """One whole answer, or what came before the connection was closed."""
    data = b""
    while b"\r\n\r\n" not in data:
        piece = receive(connection)
        if not piece:
            return data
        data += piece
    head, _, body = data.partition(b"\r\n\r\n")
    length = next(
        (int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")), 0
    )
    while len(body) < length:
        piece = receive(connection)
        if not piece:
            break
        body += piece
    return head + b"\r\n\r\n" + body


def receive(connection: socket.socket) -> bytes:
    """The next bytes; none when the other end has closed, in whatever way."""
    try:
        return connection.recv(65536)
    except ConnectionResetError:
        return b""


def status_of(answer: bytes) -> int:
    """The status of a raw answer; 0 when the connection was closed without one."""
    return int(answer.split(b" ", 2)[1]) if answer.startswith(b"HTTP/1.") else 0


def events(stream: http.client.HTTPResponse) -> Iterator[tuple[str, Any]]:
    """The server-sent events of a stream: name and data."""
    name, data = "", ""
    while line := stream.readline().decode():
        line = line.rstrip("\n")
        if line.startswith("event: "):
            name = line.removeprefix("event: ")
        elif line.startswith("data: "):
            data += line.removeprefix("data: ")
        elif not line and name:
            yield name, json.loads(data)
            name, data = "", ""
