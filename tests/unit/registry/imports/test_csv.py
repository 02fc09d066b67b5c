"""Text files: any encoding and separator, rows numbered as a spreadsheet does, limits."""

from __future__ import annotations

import pytest

from services.registry.imports import limits
from services.registry.imports.mapping import RosterFile
from services.registry.stations.model import StationEntry
from tests.unit.registry.imports.files import STATION, read, refusal, text

ROWS = [{**STATION, "ref": f"S-{n}", "name_zh": f"第{n}站；甲,乙"} for n in range(1, 4)]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_encoding_and_separator_are_found(encoding: str, separator: str) -> None:
    entries, errors = read(text(ROWS, separator).encode(encoding))
    assert errors == []
    assert [entry.name_zh for entry in entries.values()] == ["第1站；甲,乙", "第2站；甲,乙", "第3站；甲,乙"]


def test_rows_keep_their_numbers_over_empty_ones_and_line_breaks_in_cells() -> None:
    head, *rows = text([{**STATION, "ref": "S-0", "name_zh": '"甲\n乙"'}, *ROWS]).splitlines(keepends=True)
    content = "\n,,\n" + head + "".join(rows[:2]) + "  , ,\n\n" + "".join(rows[2:])
    entries, errors = read(content.encode())
    assert errors == []
    assert {row: entry.ref for row, entry in entries.items()} == {4: "S-0", 7: "S-1", 8: "S-2", 9: "S-3"}
    assert entries[4].name_zh == '"甲\n乙"'


@pytest.mark.parametrize(
    ("content", "codes"),
    [
        pytest.param(b"", ["empty"], id="nothing"),
        pytest.param(b"\n , \n", ["empty"], id="empty rows"),
        pytest.param(text([STATION]).splitlines()[0].encode(), ["empty"], id="headings only"),
        pytest.param(b"a\0b", ["nul"], id="NUL"),
        pytest.param("ref\0".encode("utf-16"), ["nul"], id="NUL in UTF-16"),
        pytest.param(b"ref\xff\xff", ["encoding"], id="no text"),
        pytest.param(text([STATION]).encode() + b'"open', ["quotes"], id="a quote that is not closed"),
        pytest.param(b'ref,"a"b,c\n', ["quotes"], id="text after a quote"),
        pytest.param(("ref" + "," * limits.COLUMNS_MAX + "\na").encode(), ["too-many-columns"], id="columns"),
        pytest.param("张三,13800138000\n".encode(), ["no-headings"], id="no headings"),
    ],
)
def test_what_cannot_be_taken_is_refused_as_a_whole(content: bytes, codes: list[str]) -> None:
    assert refusal(content) == codes


def test_too_many_rows_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.registry.imports.table.ROWS_MAX", 3)
    assert refusal(text(ROWS[:2]).encode()) == []
    assert refusal(text(ROWS).encode()) == ["too-many-rows"]


def test_a_cell_beyond_csvs_own_limit_is_told_as_quotes_that_do_not_fit() -> None:
    assert refusal(text([{**STATION, "name_zh": "x" * 200_000}]).encode()) == ["quotes"]


def test_rows_in_an_order_come_in_batches_that_can_be_gone_on_with() -> None:
    tiers = ["county", "province", "village", "province", "wrong", "county"]
    content = text([{**STATION, "ref": f"S-{n}", "tier": tier} for n, tier in enumerate(tiers)]).encode()
    file = RosterFile(content, StationEntry)
    order = ["province", "county", "village"]

    def refs(skip: int) -> list[str]:
        batches = file.batches(2, skip=skip, order=lambda entry: order.index(entry.tier))
        return [entry.ref for rows in batches for _, entry in sorted(rows.entries.items())]

    whole = refs(0)
    assert whole == ["S-1", "S-3", "S-0", "S-5", "S-2"]
    assert [refs(skip) for skip in (2, 4)] == [whole[2:], whole[4:]]
    assert sum(rows.count for rows in file.batches(2, order=lambda entry: 0)) == 6
