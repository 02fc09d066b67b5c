"""Workbooks: what they hold, and what is refused before anything interprets it."""

from __future__ import annotations

import io
import zipfile
from datetime import date

import pytest

from services.registry.imports import workbook as reader
from tests.unit.registry.imports.files import STATION, read, refusal, with_part, workbook

ROWS = [list(STATION), list(STATION.values())]
SHEET = "xl/worksheets/sheet1.xml"
NAMESPACE = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
XML = f'<?xml version="1.0"?><worksheet xmlns="{NAMESPACE}"><sheetData>{{}}</sheetData></worksheet>'


def test_the_sheet_is_read_whose_headings_fit_best_with_its_own_row_numbers() -> None:
    content = workbook(
        [["说明", "ref"], ["x"]], stations=[[], [None, *ROWS[0], "verified_on"], [], [None, *ROWS[1], date(2026, 5, 1)]]
    )
    entries, errors = read(content)
    assert errors == []
    assert [(row, entry.ref, entry.verified_on) for row, entry in entries.items()] == [(4, "S-1", date(2026, 5, 1))]


def test_an_archive_that_unpacks_to_too_much_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    content = workbook(ROWS)
    monkeypatch.setattr(reader, "INFLATED_BYTES_MAX", 2**20)
    assert refusal(content) == []
    assert refusal(with_part(content, "xl/media/zeros", bytes(2**20 + 1))) == ["inflates"]


def test_an_archive_that_lies_about_its_size_is_not_believed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "INFLATED_BYTES_MAX", 2**20)
    bomb = bytearray(with_part(workbook(ROWS), "xl/media/zeros", bytes(2**22)))
    size = (2**22).to_bytes(4, "little")
    assert bomb.count(size) == 2
    assert refusal(bytes(bomb.replace(size, (100).to_bytes(4, "little")))) in (["inflates"], ["not-a-workbook"])


def test_an_archive_of_too_many_parts_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    content = workbook(ROWS)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        monkeypatch.setattr(reader, "ARCHIVE_PARTS_MAX", len(archive.infolist()) - 1)
    assert refusal(content) == ["inflates"]


@pytest.mark.parametrize(
    "declaration", ['<!DOCTYPE a [<!ENTITY x "y">]>', "<!doctype a>", '<!ENTITY x SYSTEM "file:///etc/passwd">']
)
@pytest.mark.parametrize("part", [SHEET, "xl/sharedStrings.xml", "docProps/app.xml"])
def test_declarations_in_xml_are_refused(declaration: str, part: str) -> None:
    assert refusal(with_part(workbook(ROWS), part, f"<?xml version='1.0'?>{declaration}<a>&x;</a>".encode())) == [
        "entities"
    ]


@pytest.mark.parametrize(
    ("cells", "code"),
    [
        pytest.param('<row r="1"><c r="A1"/><c r="XFD1"/></row>', "too-many-columns", id="last column"),
        pytest.param('<row r="1048576"><c r="A1048576"/></row>', "too-many-rows", id="last row"),
        pytest.param('<row r="100000"><c r="CV100000"/></row>', "too-many-cells", id="far corner"),
        pytest.param("<row>" + "<c/>" * 9_000 + "</row>", "too-many-cells", id="many cells without places"),
    ],
)
def test_a_sheet_that_would_fill_the_memory_is_refused(cells: str, code: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "CELLS_MAX", 8_000)
    assert refusal(with_part(workbook(ROWS), SHEET, XML.format(cells).encode())) == [code]


def test_cells_are_counted_over_the_seams_of_what_is_read_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "_PIECE_BYTES", 64)
    part = XML.format("".join(f'<row r="{n}"><c r="A{n}"><v>1</v></c></row>' for n in range(1, 200))).encode()
    monkeypatch.setattr(reader, "CELLS_MAX", 198)
    assert refusal(with_part(workbook(ROWS), SHEET, part)) == ["too-many-cells"]
    monkeypatch.setattr(reader, "CELLS_MAX", 199)
    assert refusal(with_part(workbook(ROWS), SHEET, part)) == ["no-headings"]


def test_encrypted_and_broken_workbooks_are_refused() -> None:
    content = bytearray(workbook(ROWS))
    assert refusal(bytes(content[: len(content) // 2])) == ["not-a-workbook"]
    assert refusal(b"PK\x03\x04" + bytes(100)) == ["not-a-workbook"]
    assert refusal(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)) == ["encrypted"]
    central = content.rindex(b"PK\x01\x02")
    content[central + 8] |= 1
    assert refusal(bytes(content)) == ["encrypted"]
    with zipfile.ZipFile(out := io.BytesIO(), "w") as archive:
        archive.writestr("a.txt", "no workbook")
    assert refusal(out.getvalue()) == ["not-a-workbook"]


@pytest.mark.parametrize(("number", "letters"), [(1, "A"), (26, "Z"), (27, "AA"), (702, "ZZ"), (703, "AAA")])
def test_columns_are_named_by_letters(number: int, letters: str) -> None:
    assert reader.column_letters(number) == letters
    assert reader.column_number(letters.encode()) == number
