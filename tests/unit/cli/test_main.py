"""The command line as a whole: fast to start, one sentence for a foreseen failure."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from services.cli.instance.layout import PROJECT
from services.cli.main import main

HEAVY = ("aiokafka", "asyncpg", "fastapi", "faust", "shapely", "numpy", "jgo", "supervisor", "uvicorn", "pydantic")


@dataclass(frozen=True)
class Done:
    code: int
    out: str
    err: str


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Callable[..., Done]:
    """The command line in this process, in an empty home."""
    monkeypatch.setenv("THIRDRESCUE_HOME", str(tmp_path))
    monkeypatch.setenv("COLUMNS", "200")

    def call(*arguments: str) -> Done:
        monkeypatch.setattr(sys, "argv", ["thirdrescue", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        captured = capsys.readouterr()
        return Done(int(ended.value.code or 0), captured.out, captured.err)

    return call


def test_help_names_every_command(run: Callable[..., Done]) -> None:
    done = run("--help")
    assert done.code == 0
    for name in ("up", "down", "status", "logs", "reset", "run", "test", "scenario", "bench", "quarantine", "compose"):
        assert f" {name} " in done.out


def test_starting_loads_nothing_heavy() -> None:
    code = f"import sys, services.cli.main, services.cli.instance.up; print([m for m in {HEAVY!r} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], cwd=PROJECT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("arguments", "environment", "words"),
    [
        (("run", "nobody"), {}, "no service 'nobody'"),
        (("logs", "nobody"), {}, "no process 'nobody'"),
        (("up", "--json", "x"), {}, "--scenario"),
        (("up",), {"THIRDRESCUE_KAFKA": "nonsense"}, "host:port"),
        (("up",), {"THIRDRESCUE_POSTGRES": "nonsense"}, "postgresql://"),
        (("up", "--ports-from", "65535"), {}, "--ports-from"),
        (("prepare",), {}, "THIRDRESCUE_KAFKA is not set"),
    ],
)
def test_a_foreseen_failure_is_one_sentence(
    run: Callable[..., Done],
    monkeypatch: pytest.MonkeyPatch,
    arguments: tuple[str, ...],
    environment: dict[str, str],
    words: str,
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    done = run(*arguments)
    assert done.code == 1
    assert words in done.err
    assert len(done.err.strip().splitlines()) == 1


def test_status_of_nothing_is_3(run: Callable[..., Done]) -> None:
    done = run("status", "--json")
    assert done.code == 3
    assert '"running": false' in done.out


def test_reset_of_a_folder_that_is_no_instance_removes_nothing(run: Callable[..., Done], tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("dear")
    done = run("reset", "--yes")
    assert done.code == 1
    assert (tmp_path / "letter.txt").read_text() == "dear"
