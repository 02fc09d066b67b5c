"""Where an instance keeps things."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from services.cli.instance import preflight
from services.cli.instance.errors import InstanceError
from services.cli.instance.layout import PROJECT, SOCKET_PATH_MAX_BYTES, Layout, default_home


def test_the_default_home_is_beside_the_wrapper() -> None:
    assert default_home().parent == PROJECT
    assert (PROJECT / "thirdrescue").is_file()


@pytest.mark.parametrize("length", [1, 60, 80, 90, 100, 200])
def test_the_socket_path_always_fits(length: int) -> None:
    layout = Layout(Path("/tmp") / ("x" * length))
    assert len(os.fsencode(layout.socket)) + len(".1234567") <= SOCKET_PATH_MAX_BYTES


def test_long_homes_do_not_share_a_socket() -> None:
    assert Layout(Path("/tmp") / ("x" * 120)).socket != Layout(Path("/tmp") / ("y" * 120)).socket


def test_secrets_are_for_the_owner_only(tmp_path: Path) -> None:
    layout = Layout(tmp_path / "home")
    layout.create()
    layout.create()
    assert stat.S_IMODE(layout.secrets.stat().st_mode) == 0o700


def test_a_home_that_is_a_file_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InstanceError, match="cannot be used"):
        preflight.check_folder(Layout(tmp_path / "file" / "home"))


@pytest.mark.parametrize("name", ["a%b", 'a"b', "a;b", "a:b", "a\nb"])
def test_a_name_that_java_or_the_supervisor_cannot_take_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(InstanceError, match="in its name"):
        preflight.check_folder(Layout(tmp_path / name))
    assert not (tmp_path / name).exists()


def test_too_little_room_is_told_before_anything_starts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preflight, "LEAST_FREE_BYTES", 1 << 62)
    with pytest.raises(InstanceError, match="MB free"):
        preflight.check_folder(Layout(tmp_path))
