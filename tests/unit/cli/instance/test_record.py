"""instance.json is written whole, read back equal, and a damaged one is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from services.cli.instance.errors import InstanceError
from services.cli.instance.layout import Layout
from services.cli.instance.ports import plan_ports
from services.cli.instance.record import Record, read_record, write_record


def _record(**changes: object) -> Record:
    return Record(**({"instance_id": "x", "ports": plan_ports().by_name()} | changes))  # type: ignore[arg-type]


def test_what_is_written_is_read(tmp_path: Path) -> None:
    record = _record(attended_by={"pid": 7, "create_time": 1.5})
    write_record(Layout(tmp_path), record)
    assert read_record(Layout(tmp_path)) == record
    assert [path.name for path in tmp_path.iterdir()] == ["instance.json"]


def test_no_record_is_none(tmp_path: Path) -> None:
    assert read_record(Layout(tmp_path)) is None


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"instance_id": "x", "ports": {}, "what": 1}'])
def test_a_damaged_record_says_what_to_do(tmp_path: Path, text: str) -> None:
    Layout(tmp_path).record.write_text(text)
    with pytest.raises(InstanceError, match="reset"):
        read_record(Layout(tmp_path))


@pytest.mark.parametrize(("listen", "host"), [("127.0.0.1", "127.0.0.1"), ("0.0.0.0", "127.0.0.1"), ("::", "[::1]")])
def test_a_wildcard_is_reached_over_loopback(listen: str, host: str) -> None:
    assert _record(listen=listen).url("alerts") == f"http://{host}:8104"
