"""`thirdrescue intake check` as a process: its lines, its table, its exit codes, its bounds."""

from __future__ import annotations

import json
import math
import os
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.unit.incidents.intake.samples import cap, info
from tests.unit.incidents.intake.test_variants import SEEDS

PROJECT = Path(__file__).parents[3]
KEYS = ["file", "format", "alerts", "refused", "warnings"]
COUNTS = ["identifier", "status", "msg_type", "references", "infos", "areas", "polygons", "circles", "geocodes"]


def check(*arguments: str | Path, folder: Path = PROJECT) -> subprocess.CompletedProcess[str]:
    """Run the command."""
    command = [sys.executable, "-m", "services.cli", "intake", "check", *map(str, arguments)]
    environment = {**os.environ, "PYTHONPATH": str(PROJECT), "COLUMNS": "200"}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=55, check=False)


def lines(result: subprocess.CompletedProcess[str]) -> list[dict[str, Any]]:
    """The objects that were printed."""
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_one_object_per_file_and_line(tmp_path: Path) -> None:
    refers = "a@b,x,2024-05-19T10:00:00+08:00"
    (tmp_path / "a.cap").write_text(cap(info() + info(), msg_type="Update", references=refers))
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "LICENSE").write_text("Apache")
    result = check("--json", tmp_path)
    first, second = lines(result)
    assert (result.returncode, result.stderr) == (1, "")
    assert list(first) == list(second) == KEYS
    assert first["alerts"] == [
        dict(zip(COUNTS, ["A1", "Actual", "Update", [refers], 2, 2, 2, 0, 0], strict=True)),
    ]
    assert (first["file"], first["format"], first["refused"]) == (str(tmp_path / "a.cap"), "cap-1.2", None)
    assert (second["format"], second["alerts"], second["warnings"]) == (None, [], [])
    assert second["refused"] == {"where": "file", "why": "not an alert format"}


def test_exit_codes(tmp_path: Path) -> None:
    (tmp_path / "a.cap").write_text(cap())
    assert check(tmp_path / "a.cap").returncode == 0
    assert check("a.cap", "--json", folder=tmp_path).returncode == 0
    assert check(tmp_path / "nothing").returncode == 2
    assert check().returncode == 2
    assert check(tmp_path / "a.cap", "--max-mib", "0").returncode == 2


def test_a_table_for_people(tmp_path: Path) -> None:
    (tmp_path / "a.cap").write_text(cap())
    (tmp_path / "b.cap").write_text(cap().replace("<scope>Public</scope>", ""))
    result = check(tmp_path)
    assert result.returncode == 1
    assert "alert/scope" in result.stdout
    assert "2 files, 1 refused" in result.stdout


def test_what_is_no_file_and_what_is_too_large_is_refused_unread(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a-pipe")
    (tmp_path / "b-link").symlink_to(tmp_path / "nowhere")
    (tmp_path / "c-round").symlink_to(tmp_path)
    with (tmp_path / "d-large").open("wb") as file:
        file.truncate(1024 * 1024 + 1)
    (tmp_path / os.fsdecode(b"e-\xff.txt")).write_text("x")
    found = lines(check(tmp_path, "--json", "--max-mib", "1"))
    assert [Path(line["file"]).name[:2] for line in found] == ["a-", "b-", "d-", "e-"]
    assert all(line["refused"]["where"] == "file" for line in found)
    assert "at most 1048576" in found[2]["refused"]["why"]


def damaged(chance: random.Random, seed: bytes) -> bytes:
    """Digits changed, and bytes flipped, cut out, doubled or put in from what breaks readers."""
    whole = bytearray(seed)
    for _ in range(chance.randint(1, 3)):
        at = chance.randrange(len(whole) + 1)
        match chance.randrange(9):
            case 0:
                whole[at : at + 1] = bytes([chance.randrange(256)])
            case 1:
                del whole[at : at + chance.choice((1, 5, 50))]
            case 2:
                whole[at:at] = whole[at : at + 60] * chance.randint(1, 20)
            case 3:
                whole[at:at] = chance.choice(
                    (b"NaN", b"1e999", b"9" * 400, b"\\ud800", b"\xed\xa0\x80", b"<alert>", b"181")
                )
            case _:
                digits = [place for place, byte in enumerate(whole) if 48 <= byte <= 57]
                if digits:
                    whole[chance.choice(digits)] = chance.randrange(48, 58)
    return bytes(whole)


def test_damaged_files_of_every_kind_keep_the_contract_and_reach_no_network(tmp_path: Path) -> None:
    chance = random.Random(20080512)
    for number in range(600):
        (tmp_path / f"{number:03}").write_bytes(damaged(chance, SEEDS[number % len(SEEDS)]))
    alone = (
        "import resource, socket, sys\nfrom services.cli.main import main\n"
        "resource.setrlimit(resource.RLIMIT_AS, (2**31, 2**31))\n"
        "def refuse(*_): raise SystemExit(99)\nsocket.socket.connect = socket.getaddrinfo = refuse\nmain()\n"
    )
    command = [sys.executable, "-c", alone, "intake", "check", str(tmp_path), "--json"]
    environment = {**os.environ, "PYTHONPATH": str(PROJECT)}
    result = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=55, check=False)
    assert (result.returncode, result.stderr) == (1, "")
    found = lines(result)
    assert [Path(line["file"]).name for line in found] == [f"{number:03}" for number in range(600)]
    for line in found:
        assert list(line) == KEYS
        assert all(list(alert) == COUNTS for alert in line["alerts"])
        refused = line["refused"]
        assert refused is None or (refused["where"] and refused["why"] and not line["alerts"])
    assert 100 < sum(line["refused"] is None for line in found) < 500


def test_ten_thousand_polygons_in_20_mb_are_bounded_in_time_and_memory(tmp_path: Path) -> None:
    def ring(number: int) -> str:
        lat, lon = -80 + number % 160, -170 + number // 160 * 3
        turns = [2 * math.pi * step / 90 for step in range(90)]
        corners = [f"{lat + 0.4 * math.sin(turn):.6f},{lon + 0.4 * math.cos(turn):.6f}" for turn in turns]
        return f"<polygon>{' '.join([*corners, corners[0]])}</polygon>"

    polygons = "".join(ring(number) for number in range(10_000))
    (tmp_path / "large.cap").write_text(cap(info(f"<area><areaDesc>x</areaDesc>{polygons}</area>")))
    assert (tmp_path / "large.cap").stat().st_size > 18_000_000
    measured = (
        "import resource, sys\nfrom services.cli.main import main\ntry:\n    main()\nfinally:\n"
        "    used = resource.getrusage(resource.RUSAGE_SELF)\n"
        # ru_maxrss would not do: a child begins with the peak of the process that started it.
        "    peak = next(line.split()[1] for line in open('/proc/self/status') if line.startswith('VmHWM'))\n"
        "    print(used.ru_utime + used.ru_stime, peak, file=sys.stderr)\n"
    )
    command = [sys.executable, "-c", measured, "intake", "check", str(tmp_path), "--json"]
    environment = {**os.environ, "PYTHONPATH": str(PROJECT)}
    result = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=55, check=True)
    assert lines(result)[0]["alerts"][0]["polygons"] == 10_000
    seconds, kib = result.stderr.split()
    assert float(seconds) < 10
    assert int(kib) < 700 * 1024
