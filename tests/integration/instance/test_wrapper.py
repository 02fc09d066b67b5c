"""The `thirdrescue` script: finds Python and uv, makes .venv once, survives races and interruptions.

The package index plays no part here: a small `uv` on the PATH writes down how it was called and makes a `.venv` whose
python repeats its arguments.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from services.cli.instance.layout import PROJECT

pytestmark = pytest.mark.integration

UV = """#!/bin/sh
case "$1" in
    --version) echo 'uv 0'; exit 0 ;;
    venv) for last in "$@"; do :; done; mkdir -p "$last/bin" ;;
    pip)
        echo "sync ${UV_DEFAULT_INDEX:-}" >>"$CALLS"
        sleep "${UV_SLOW:-0}"
        [ -z "${UV_BREAKS:-}" ] || { echo 'no such registry' >&2; exit 2; }
        printf '#!/bin/sh\\necho "$@"\\n' >"$(dirname "$5")/python"; chmod +x "$5" ;;
esac
"""


class Copy:
    """A copy of the script with a lock and a PATH of its own."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "third rescue"
        self.calls = folder / "calls"
        self.bin = folder / "bin"
        self.root.mkdir()
        self.bin.mkdir()
        shutil.copy(PROJECT / "thirdrescue", self.root)
        (self.root / "requirements.lock").write_text("a==1\n")
        self.program("python3", f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
        self.program("uv", UV)

    def program(self, name: str, text: str) -> None:
        (self.bin / name).write_text(text)
        (self.bin / name).chmod(0o755)

    def start(self, *arguments: str, script: Path | None = None, **environment: str) -> subprocess.Popen[str]:
        keep = {
            "PATH": f"{self.bin}:/usr/bin:/bin",
            "CALLS": str(self.calls),
            "HOME": str(self.bin),
            "PIP_CONFIG_FILE": "/dev/null",
        }
        keep["THIRDRESCUE_PYTHON"] = "python3"
        return subprocess.Popen(
            [str(script or self.root / "thirdrescue"), *arguments],
            cwd="/",
            env=keep | environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def run(self, *arguments: str, script: Path | None = None, **environment: str) -> tuple[int, str, str]:
        process = self.start(*arguments, script=script, **environment)
        out, err = process.communicate(timeout=30)
        return process.returncode, out, err

    def syncs(self) -> int:
        return len(self.calls.read_text().splitlines()) if self.calls.exists() else 0


@pytest.fixture
def copy(tmp_path: Path) -> Copy:
    return Copy(tmp_path)


def test_it_makes_the_environment_once_and_hands_the_arguments_on(copy: Copy) -> None:
    code, out, err = copy.run("up", "--home", "a b")
    assert (code, out) == (0, "-m services.cli up --home a b\n"), err
    assert copy.run("status")[:2] == (0, "-m services.cli status\n")
    assert copy.syncs() == 1


def test_a_changed_lock_makes_it_anew(copy: Copy) -> None:
    copy.run("status")
    (copy.root / "requirements.lock").write_text("a==2\n")
    copy.run("status")
    assert copy.syncs() == 2


def test_it_works_through_links_from_anywhere(copy: Copy, tmp_path: Path) -> None:
    (tmp_path / "absolute").symlink_to(copy.root / "thirdrescue")
    (tmp_path / "relative").symlink_to("absolute")
    assert copy.run("x", script=tmp_path / "relative")[:2] == (0, "-m services.cli x\n")


def test_two_at_once_install_once(copy: Copy) -> None:
    both = [copy.start("x", UV_SLOW="0.5") for _ in range(2)]
    assert [process.communicate(timeout=30)[0] for process in both] == ["-m services.cli x\n"] * 2
    assert copy.syncs() == 1


def test_a_kill_in_the_middle_is_made_good(copy: Copy) -> None:
    first = copy.start("x", UV_SLOW="30")
    while copy.syncs() == 0:
        time.sleep(0.02)
    os.killpg(first.pid, signal.SIGKILL)
    first.communicate()
    assert copy.run("x")[:2] == (0, "-m services.cli x\n")
    assert copy.syncs() == 2


def test_a_missing_registry_is_told_and_tried_again(copy: Copy) -> None:
    code, out, err = copy.run("x", UV_BREAKS="1")
    assert code == 1
    assert out == ""
    assert "error: the packages of requirements.lock could not be installed" in err.splitlines()[-1]
    assert copy.run("x")[0] == 0


def test_an_older_python_is_one_sentence(copy: Copy) -> None:
    copy.program("python3", '#!/bin/sh\n[ "$1" = --version ] && echo Python 3.9.2 && exit\nexit 1\n')
    code, _, err = copy.run("up")
    assert code == 1
    assert err == (
        "error: Third Rescue needs Python 3.11 or newer; found: Python 3.9.2. "
        "Install it, or name one in THIRDRESCUE_PYTHON.\n"
    )
    assert not (copy.root / ".venv").exists()


def test_a_missing_lock_is_one_sentence(copy: Copy) -> None:
    (copy.root / "requirements.lock").unlink()
    code, _, err = copy.run("up")
    assert code == 1
    assert "requirements.lock is missing" in err


def test_the_index_that_pip_was_told_about_is_used(copy: Copy) -> None:
    copy.run("x", PIP_INDEX_URL="https://index.example/simple")
    assert copy.calls.read_text() == "sync https://index.example/simple\n"


def test_an_index_of_uvs_own_comes_first(copy: Copy) -> None:
    copy.run("x", PIP_INDEX_URL="https://index.example/simple", UV_DEFAULT_INDEX="https://mine.example/simple")
    assert copy.calls.read_text() == "sync https://mine.example/simple\n"
