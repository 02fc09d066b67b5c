"""`thirdrescue quarantine` against a served stand-in: what it asks, prints and says when it fails."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar

import pytest
from typer.testing import CliRunner

from services.cli.instance.errors import InstanceError
from services.cli.quarantine import SERVICES, app

ENTRY: dict[str, Any] = {
    "id": "7c1d9a52-0f4e-4c0e-9d60-0b1f4f6f2a10", "state": "quarantined", "topic": "zone-events", "key": "k",
    "sequence": 3, "event_type": "zone.fenced", "reason": "invalid", "held_at": "2026-05-12T06:28:00Z",
}  # fmt: skip


class Handler(BaseHTTPRequestHandler):
    asked: ClassVar[list[tuple[str, str, Any]]] = []

    def do_GET(self) -> None:
        self.answer(None)

    def do_POST(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        self.answer(json.loads(self.rfile.read(length) or b"null"))

    def answer(self, body: Any) -> None:
        Handler.asked.append((self.command, self.path, body))
        path = self.path.partition("?")[0]
        if path == "/identity/tokens":
            wrong = body.get("password") == "wrong"
            self.send(401, {"detail": "Name or password is wrong."}) if wrong else self.send(200, {"access_token": "t"})
        elif self.headers["Authorization"] != "Bearer t":
            self.send(401, {"detail": "no token"})
        elif path == "/alerts/quarantine":
            self.send(200, {"entries": [ENTRY], "next": None})
        elif path.endswith("/quarantine"):
            self.send(200, {"entries": [], "next": None})
        elif path.endswith("/release"):
            self.send(409, {"detail": "It failed again."})
        else:
            self.send(200, ENTRY)

    def send(self, status: int, document: Any) -> None:
        content = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture
def url(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    Handler.asked = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    monkeypatch.setenv("THIRDRESCUE_PASSWORD", "right")
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def run(url: str, *arguments: str) -> Any:
    return CliRunner().invoke(app, [*arguments, "--url", url])


def test_list_asks_every_service_and_prints_a_table_or_json(url: str) -> None:
    table = run(url, "list", "--state", "quarantined")
    assert table.exit_code == 0
    assert "alerts" in table.output
    asked = [path for method, path, _ in Handler.asked if method == "GET"]
    assert asked == [f"/{service}/quarantine?state=quarantined&limit=50" for service in SERVICES]
    rows = json.loads(run(url, "list", "--json").output)
    assert rows == [{"service": "alerts", **ENTRY}]
    assert run(url, "list", "care").output.strip() == "Nothing is held back."


def test_show_and_discard(url: str) -> None:
    assert "zone.fenced" in run(url, "show", "alerts", ENTRY["id"]).output
    assert run(url, "discard", "alerts", ENTRY["id"]).exit_code == 2  # a reason is needed
    assert run(url, "discard", "alerts", ENTRY["id"], "--reason", "a test's").exit_code == 0
    assert Handler.asked[-1] == ("POST", f"/alerts/quarantine/{ENTRY['id']}/discard", {"reason": "a test's"})


def test_a_refusal_is_one_sentence(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    failed = run(url, "release", "alerts", str(ENTRY["id"]))
    assert isinstance(failed.exception, InstanceError)
    assert str(failed.exception) == "alerts answers 409: It failed again."
    assert "has no quarantine" in str(run(url, "list", "identity").exception)
    monkeypatch.setenv("THIRDRESCUE_PASSWORD", "wrong")
    assert "Name or password is wrong" in str(run(url, "list").exception)
    monkeypatch.delenv("THIRDRESCUE_PASSWORD")
    assert "sign in with THIRDRESCUE_API_KEY" in str(run(url, "list").exception)
    assert "does not answer" in str(run_with_password(monkeypatch).exception)


def run_with_password(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("THIRDRESCUE_PASSWORD", "right")
    return run("http://127.0.0.1:1", "list")
