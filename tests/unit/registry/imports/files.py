"""Files in memory, and what is found in them."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Mapping, Sequence
from typing import Any

from services.registry.imports.findings import FileRefused, RowError
from services.registry.imports.mapping import RosterFile
from services.registry.model import Entry
from services.registry.stations.model import StationEntry

STATION = {
    "ref": "S-1", "kind": "emergency-station", "tier": "county", "name_zh": "站", "name_en": "station",
    "area_code": "510181", "lat_deg": "31", "lon_deg": "103.6",
}  # fmt: skip
VOLUNTEER = {
    "ref": "V-1", "home_station_ref": "S-1", "roles": "support", "languages": "cmn", "is_adult": "yes",
}  # fmt: skip


def text(rows: Sequence[Mapping[str, Any]], separator: str = ",") -> str:
    """Rows as CSV."""
    out = io.StringIO()
    writer = csv.DictWriter(out, list(dict.fromkeys(name for row in rows for name in row)), delimiter=separator)
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def read(content: bytes, entry: type[Entry] = StationEntry) -> tuple[dict[int, Any], list[RowError]]:
    """Entries by row, and all errors."""
    entries: dict[int, Any] = {}
    errors: list[RowError] = []
    for rows in RosterFile(content, entry).batches(3):
        entries |= rows.entries
        errors += [error for row in sorted(rows.errors) for error in rows.errors[row]]
    return entries, errors


def refusal(content: bytes, entry: type[Entry] = StationEntry) -> list[str]:
    """Why a file is refused as a whole."""
    try:
        RosterFile(content, entry)
    except FileRefused as refused:
        return [error.code for error in refused.errors]
    return []


def workbook(rows: Sequence[Sequence[Any]], **sheets: Sequence[Sequence[Any]]) -> bytes:
    """A workbook with these rows in its first sheet."""
    import openpyxl

    book = openpyxl.Workbook()
    for sheet, content in [(book.active, rows), *((book.create_sheet(name), more) for name, more in sheets.items())]:
        for row in content:
            sheet.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def with_part(content: bytes, name: str, part: bytes) -> bytes:
    """The archive with one part replaced or added."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for info in old.infolist():
            if info.filename != name:
                new.writestr(info, old.read(info))
        new.writestr(name, part)
    return out.getvalue()
