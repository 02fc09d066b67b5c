"""A file as rows of cells, whatever it was: what all readers give. Pure; reads bytes that are already here."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from services.registry.imports import csv_text, workbook
from services.registry.imports.columns import Columns
from services.registry.imports.findings import FileRefused
from services.registry.imports.limits import COLUMNS_MAX, ROWS_MAX

Rows = Iterator[tuple[int, Sequence[Any]]]
_ZIP: Final = b"PK\x03\x04"
_COMPOUND_FILE: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
"""Old .xls workbooks, and encrypted ones of any age."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """The rows of a file, to be gone through as often as needed; rows are numbered from 1, as spreadsheets do."""

    format: Literal["csv", "xlsx"]
    detail: str
    """The text's encoding and separator, or the name of the sheet."""
    heading_row: int
    headings: Sequence[Any]
    _open: Callable[[], Rows]

    def rows(self) -> Rows:
        """The rows below the headings that are not empty. Raises FileRefused where a limit is passed."""
        for number, cells in self._open():
            if number > ROWS_MAX:
                raise FileRefused.because("too-many-rows", limit=ROWS_MAX)
            if len(cells) > COLUMNS_MAX:
                raise FileRefused.because("too-many-columns", limit=COLUMNS_MAX)
            if number > self.heading_row and not is_empty(cells):
                yield number, cells


def open_table(content: bytes, columns: Columns) -> Table:
    """What kind of file it is, told by its content, and where its headings are. Raises FileRefused."""
    if content.startswith(_COMPOUND_FILE):
        raise FileRefused.because("encrypted")
    if content.startswith(_ZIP):
        return _first_that_fits(workbook.sheets(content), columns, "xlsx")
    return _first_that_fits(csv_text.readings(content), columns, "csv")


def _first_that_fits(
    readings: Sequence[tuple[str, Callable[[], Rows]]], columns: Columns, file_format: Literal["csv", "xlsx"]
) -> Table:
    """The sheet, or the reading with the separator, whose first row holds the most known headings."""
    best: tuple[int, Table] | None = None
    for detail, reading in readings:
        first = next(((number, cells) for number, cells in reading() if not is_empty(cells)), None)
        if first is None:
            if file_format == "csv":  # with another separator its empty rows would hold the separators
                raise FileRefused.because("empty")
            continue
        if len(first[1]) > COLUMNS_MAX:
            raise FileRefused.because("too-many-columns", limit=COLUMNS_MAX)
        known = sum(isinstance(cell, str) and columns.find(cell) is not None for cell in first[1])
        table = Table(format=file_format, detail=detail, heading_row=first[0], headings=first[1], _open=reading)
        if best is None or known > best[0]:
            best = known, table
    if best is None:
        raise FileRefused.because("empty")
    if best[0] == 0:
        examples = ", ".join(column.field for column in columns.single[:4])
        raise FileRefused.because("no-headings", examples=examples)
    return best[1]


def is_empty(cells: Sequence[Any]) -> bool:
    """Whether a row has nothing in it."""
    return all(cell is None or (isinstance(cell, str) and not cell.strip()) for cell in cells)
