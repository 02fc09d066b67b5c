"""`thirdrescue incident` against a served stand-in: what it sends, prints, and how it ends."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner, Result

from services.cli.incident.commands import app
from services.cli.incident.request import key_of
from services.cli.instance.errors import InstanceError

ID = "7c1d9a52-0f4e-4c0e-9d60-0b1f4f6f2a10"
QUAKE = ("--kind", "earthquake", "--level", "I", "--title-zh", "地震", "--at", "2008-05-12T14:28:01+08:00")
HERE = ("--lat", "31", "--lon", "103.4", "--area-code", "513221")
NEED = {"need_id": "core-lead", "zone_kind": "core", "role": "team-lead", "per_team": 1, "teams": 3}
DECLARED = {
    "kind": "earthquake", "level": "I", "title_zh": "地震", "title_en": "地震", "area_codes": ["513221"],
    "place": {"type": "Point", "coordinates": [103.4, 31.0]}, "radius_m": 0, "magnitude": None, "needs": [NEED],
    "clock": {},
}  # fmt: skip
PREVIEW = {
    "features": [{"properties": {"kind": "core", "area_km2": 12.5}}],
    "stations_by_zone": {"core": 2},
    "audience": {
        "stations": {"in_reach": 2, "by_ring": [{"within_km": 50, "count": 2}]},
        "volunteers": {
            "reachable": 7, "by_ring": [{"within_km": 50, "count": 7}], "not_reachable": {"opted-out": 1},
        },
    },
}  # fmt: skip
LISTED = {
    "incident_id": ID, "level": "II", "kind": "earthquake", "state": "open", "phase": "acute", "exercise": True,
    "title_zh": "地震", "title_en": "地震", "declared_at": "2026-05-12T06:30:00+00:00",
}  # fmt: skip
PROBLEM = {"where": "", "what": "may be the same as another", "what_zh": "可能为同一事件"}


class Handler(BaseHTTPRequestHandler):
    asked: ClassVar[list[tuple[str, dict[str, Any]]]] = []
    keys: ClassVar[list[str]] = []

    def do_GET(self) -> None:
        self.send(200, {"level": "II", "items": [LISTED]})

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers.get("Content-Length") or 0)))
        if self.path == "/identity/tokens":
            return self.send(200, {"access_token": "t"})
        assert self.headers["Authorization"] == "Bearer t"
        Handler.asked.append((self.path, body))
        if body.get("title_zh") == "坏":
            return self.send(422, {"detail": "It cannot be.", "problems": [{"where": "/place", "what": "is missing"}]})
        if self.path == "/incidents?dry_run=true":
            return self.send(200, {"would_declare": DECLARED, "exercise": False, "problems": []})
        if self.path == "/geofencing/preview":
            return self.send(200, PREVIEW)
        key = self.headers["Idempotency-Key"]
        headers = {"Idempotent-Replay": "true"} if key in Handler.keys else {}
        Handler.keys.append(key)
        return self.send(201, {"incident_id": ID, "problems": [PROBLEM]}, headers)

    def send(self, status: int, document: Any, headers: dict[str, str] | None = None) -> None:
        content = json.dumps(document).encode()
        self.send_response(status)
        for name, value in {"Content-Length": str(len(content)), **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture
def url(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A stand-in for an instance."""
    monkeypatch.setenv("THIRDRESCUE_PASSWORD", "right")
    Handler.asked.clear()
    Handler.keys.clear()
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def run(url: str, *arguments: str, stdin: str | None = None) -> Result:
    return CliRunner().invoke(app, [*arguments, "--url", url], input=stdin)


def test_options_declare_and_problems_are_shown(url: str) -> None:
    result = run(url, "declare", *QUAKE, *HERE, "--exercise", "--radius-m", "0")
    assert (result.exit_code, ID in result.stdout, "可能为同一事件" in result.stdout) == (0, True, True), result.output
    ((path, body),) = Handler.asked
    assert (path, body) == (
        "/incidents",
        {
            "kind": "earthquake", "level": "I", "title_zh": "地震", "occurred_at": "2008-05-12T14:28:01+08:00",
            "place": {"lat_deg": 31, "lon_deg": 103.4}, "area_codes": ["513221"], "radius_m": 0, "exercise": True,
        },
    )  # fmt: skip


def test_the_same_command_again_says_that_nothing_was_declared_twice(url: str) -> None:
    first, again = (run(url, "declare", *QUAKE, *HERE, "--json") for _ in range(2))
    assert [json.loads(one.stdout)["declared_before"] for one in (first, again)] == [False, True]
    assert "not again" in run(url, "declare", *QUAKE, *HERE).stdout
    assert "not again" not in run(url, "declare", *QUAKE, *HERE, "--key", "second").stdout
    assert Handler.keys[-1] == "second"


def test_a_file_or_the_standard_input_is_read_and_options_take_the_place_of_its_words(url: str, tmp_path: Path) -> None:
    file = tmp_path / "quake.json"
    file.write_text('\ufeff{"title_zh": "地震", "level": "II", "place": {"address": "汶川县"}}', encoding="utf-8")
    assert run(url, "declare", "--file", str(file), "--level", "I").exit_code == 0
    assert run(url, "declare", "--file", "-", stdin='{"level": "I"}').exit_code == 0
    assert [body for _, body in Handler.asked] == [
        {"title_zh": "地震", "level": "I", "place": {"address": "汶川县"}},
        {"level": "I"},
    ]


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"{", "line 1"),
        (b'{"a": NaN}', "NaN"),
        (b"[]", "object"),
        (b'{"a": "\xff"}', "UTF-8"),
        (b" " * (2 * 1024 * 1024 + 1), "2097152"),
    ],
)
def test_a_file_that_is_none_is_not_sent(url: str, tmp_path: Path, content: bytes, why: str) -> None:
    (tmp_path / "f").write_bytes(content)
    result = run(url, "declare", "--file", str(tmp_path / "f"))
    assert isinstance(result.exception, InstanceError)
    assert why in str(result.exception)
    assert Handler.asked == []


def test_two_places_are_not_sent(url: str) -> None:
    result = run(url, "declare", *HERE, "--address", "汶川县")
    assert isinstance(result.exception, InstanceError)
    assert isinstance(run(url, "declare", "--lat", "3").exception, InstanceError)
    assert Handler.asked == []


def test_a_refusal_is_told_by_what_it_is_about(url: str) -> None:
    table = run(url, "declare", "--title-zh", "坏")
    assert (table.exit_code, "/place" in table.stdout, "It cannot be" in table.stderr) == (1, True, True)
    document = run(url, "declare", "--title-zh", "坏", "--json")
    assert json.loads(document.stdout)["problems"] == [{"where": "/place", "what": "is missing"}]


def test_a_dry_run_previews_what_was_found_and_declares_nothing(url: str) -> None:
    result = run(url, "declare", *QUAKE, "--address", "汶川县", "--dry-run")
    assert result.exit_code == 0, result.output
    assert "7 volunteers could be asked" in result.stdout
    assert "1 opted-out" in result.stdout
    assert "3 team-lead" in result.stdout
    assert [path for path, _ in Handler.asked] == ["/incidents?dry_run=true", "/geofencing/preview"]
    assert Handler.asked[1][1] == {
        "kind": "earthquake", "level": "I", "place": DECLARED["place"], "radius_m": 0
    }  # fmt: skip
    assert Handler.keys == []


def test_changes_are_one_request_each_under_a_fresh_key(url: str) -> None:
    for command in (
        ("amend", ID, "--address", "汶川县"), ("phase", ID, "recovery"), ("merge", ID, "b"), ("different", ID, "b"),
        ("close", ID), ("reopen", ID), ("raise", ID, "I"), ("lower", ID, "III"),
    ):  # fmt: skip
        result = run(url, *command, "--reason", "r")
        assert result.exit_code == 0, (command, result.output)
    assert [(path.rpartition("/")[2], body) for path, body in Handler.asked] == [
        ("area", {"place": {"address": "汶川县"}, "reason": "r"}), ("phase", {"phase": "recovery", "reason": "r"}),
        ("merge", {"into": "b", "reason": "r"}), ("different", {"other": "b", "reason": "r"}),
        ("close", {"reason": "r"}), ("reopen", {"reason": "r"}), ("level", {"level": "I", "reason": "r"}),
        ("level", {"level": "III", "reason": "r"}),
    ]  # fmt: skip
    assert len(set(Handler.keys)) == 8


def test_the_list_shows_whole_ids_and_says_what_is_a_drill(url: str) -> None:
    table = run(url, "list")
    assert (table.exit_code, ID in table.stdout, "演练" in table.stdout) == (0, True, True)
    assert json.loads(run(url, "list", "--json").stdout) == [LISTED]


def test_raising_to_a_lower_level_is_not_sent(url: str) -> None:
    for command in (("raise", ID, "III"), ("raise", ID, "II"), ("lower", ID, "I")):
        assert isinstance(run(url, *command, "--reason", "r").exception, InstanceError)
    assert Handler.asked == []


@given(st.dictionaries(st.text(), st.integers() | st.text(), min_size=1))
def test_the_key_depends_on_the_words_and_not_on_their_order(body: dict[str, Any]) -> None:
    key = key_of(body)
    assert key == key_of(dict(reversed(body.items())))
    assert key != key_of({name: [value] for name, value in body.items()})
    assert key.isascii()
    assert len(key) <= 200
