"""Migrations on paper: the order of files and what an edited history is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from services.kit.migrate import Migration, MigrationError, pending, read_folder


def migrations(*numbers: int) -> list[Migration]:
    return [Migration(number=n, name="x", sql=f"SELECT {n}") for n in numbers]


def applied(*files: Migration) -> dict[int, str]:
    return {file.number: file.checksum for file in files}


def test_files_are_read_in_order_and_others_refused(tmp_path: Path) -> None:
    (tmp_path / "0002_b.sql").write_text("SELECT 2")
    (tmp_path / "0001_a.sql").write_text("SELECT 1")
    assert [(m.number, m.name) for m in read_folder(tmp_path)] == [(1, "a"), (2, "b")]
    assert read_folder(tmp_path / "nothing") == []
    (tmp_path / "0002_c.sql").write_text("SELECT 3")
    with pytest.raises(MigrationError, match="0002"):
        read_folder(tmp_path)
    (tmp_path / "0002_c.sql").rename(tmp_path / "later.sql")
    with pytest.raises(MigrationError, match=r"later\.sql"):
        read_folder(tmp_path)


def test_only_what_is_new_is_pending() -> None:
    one, two, three = migrations(1, 2, 3)
    assert pending([one, two, three], applied(one), "service") == [two, three]
    assert pending([one, two], applied(one, two), "service") == []
    assert pending([one], applied(one, two, three), "service") == []  # a newer version ran here before


def test_edited_history_is_refused() -> None:
    one, two, three = migrations(1, 2, 3)
    edited = Migration(number=1, name="x", sql="SELECT 1 -- better")
    with pytest.raises(MigrationError, match="0001_x was changed after it was applied"):
        pending([edited], applied(one), "service")
    with pytest.raises(MigrationError, match="number it higher"):
        pending([one, two, three], applied(one, three), "service")
    with pytest.raises(MigrationError, match="0002 was applied, but its file is gone"):
        pending([one, three], applied(one, two), "service")
