"""`thirdrescue intake propose` against a served stand-in: what it sends, prints, and how it ends."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

import pytest
from typer.testing import CliRunner, Result

from services.cli.instance.errors import InstanceError
from services.cli.intake import app

TAKEN = {
    "format": "cap-1.2", "alerts": 1, "warnings": [], "proposals_in_all": 1,
    "proposals": [{"proposal_id": "7c1d9a52-0f4e-4c0e-9d60-0b1f4f6f2a10", "outcome": "new"}],
}  # fmt: skip


class Handler(BaseHTTPRequestHandler):
    asked: ClassVar[list[tuple[str, bytes]]] = []

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.path == "/identity/tokens":
            return self.send(200, {"access_token": "t"})
        assert self.headers["Authorization"] == "Bearer t"
        Handler.asked.append((self.path, body))
        if body == b"bad":
            return self.send(422, {"detail": "d", "problems": [{"where": "alert/sent", "what": "is missing"}]})
        if body == b"busy":
            return self.send(503, {"detail": "Too many documents wait to be read; send it again."})
        return self.send(200, TAKEN)

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
    """A stand-in for an instance."""
    monkeypatch.setenv("THIRDRESCUE_PASSWORD", "right")
    Handler.asked.clear()
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def run(url: str, *arguments: str) -> Result:
    return CliRunner().invoke(app, ["propose", *arguments, "--url", url])


def test_files_are_handed_in_and_what_came_of_each_is_printed(url: str, tmp_path: Path) -> None:
    (tmp_path / "a.cap").write_bytes(b"good")
    (tmp_path / "b.cap").write_bytes(b"bad")
    result = run(url, str(tmp_path), "--source", "met", "--json")
    first, second = (json.loads(line) for line in result.stdout.splitlines())
    assert result.exit_code == 1
    assert (first["refused"], first["proposals"][0]["outcome"]) == (None, "new")
    assert second["refused"] == {"where": "alert/sent", "why": "is missing"}
    assert [body for _, body in Handler.asked] == [b"good", b"bad"]
    assert Handler.asked[0][0].startswith("/incidents/feeds/met?name=")


def test_the_table_counts_and_the_exit_code_says_that_all_were_taken(url: str, tmp_path: Path) -> None:
    (tmp_path / "a.cap").write_bytes(b"good")
    result = run(url, str(tmp_path))
    assert (result.exit_code, "1 new" in result.stdout) == (0, True)


def test_what_is_too_large_or_not_there_is_not_sent(url: str, tmp_path: Path) -> None:
    (tmp_path / "large").write_bytes(b"x" * (1024 * 1024 + 1))
    assert run(url, str(tmp_path), "--max-mib", "1").exit_code == 1
    assert run(url, str(tmp_path / "nothing")).exit_code == 2
    assert Handler.asked == []


def test_a_busy_instance_ends_the_command_in_one_sentence(url: str, tmp_path: Path) -> None:
    (tmp_path / "a.cap").write_bytes(b"busy")
    result = run(url, str(tmp_path))
    assert isinstance(result.exception, InstanceError)
    assert "503" in str(result.exception)
