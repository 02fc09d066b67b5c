"""Workbooks (.xlsx): bounds first, then calamine. A workbook is a ZIP of XML, and either may be made to hurt.

Every part is unpacked once, counted and looked through before anything interprets it: the sizes that an archive states
about itself are not believed. The used part of a sheet is bounded too, because a cell in the last corner makes a reader
fill in everything before it.
"""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any, Final

from python_calamine import CalamineError, CalamineWorkbook

from services.registry.imports.findings import FileRefused
from services.registry.imports.limits import (
    ARCHIVE_PARTS_MAX,
    CELLS_MAX,
    COLUMNS_MAX,
    INFLATED_BYTES_MAX,
    ROWS_MAX,
)

Rows = Iterator[tuple[int, Sequence[Any]]]
_PIECE_BYTES: Final = 1 << 20
_OVERLAP_BYTES: Final = 256
_ENCRYPTED_FLAG: Final = 0x1
_DECLARATION: Final = re.compile(rb"<!(?:DOCTYPE|ENTITY)", re.IGNORECASE)
_ROW: Final = re.compile(rb"""<(?:\w+:)?row\s(?:[^<>]*?\s)?r\s*=\s*["'](\d+)["']""")
_CELL_PLACE: Final = re.compile(rb"""<(?:\w+:)?c\s(?:[^<>]*?\s)?r\s*=\s*["']([A-Za-z]+)(\d+)["']""")
_CELL: Final = re.compile(rb"<(?:\w+:)?c[\s>/]")


def sheets(content: bytes) -> Sequence[tuple[str, Callable[[], Rows]]]:
    """The sheets with their names. Raises FileRefused for what is no workbook, or passes a limit."""
    check_archive(content)
    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(content))
        return [(f"sheet {name}", partial(_rows, book, name)) for name in book.sheet_names]
    except CalamineError as error:
        raise FileRefused.because("not-a-workbook") from error


def _rows(book: CalamineWorkbook, name: str) -> Rows:
    try:
        sheet = book.get_sheet_by_name(name)
        if sheet.start is None:
            return
        # calamine's rows begin at the top of the sheet, but their cells at the first used column
        left = [""] * sheet.start[1]
        for number, cells in enumerate(sheet.iter_rows(), start=1):
            yield number, [*left, *cells] if left else cells
    except CalamineError as error:
        raise FileRefused.because("not-a-workbook") from error


def check_archive(content: bytes) -> None:
    """Unpack every part and look at it, keeping none. Raises FileRefused where a limit is passed."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            parts = archive.infolist()
            if len(parts) > ARCHIVE_PARTS_MAX:
                raise _inflates()
            if any(part.flag_bits & _ENCRYPTED_FLAG for part in parts):
                raise FileRefused.because("encrypted")
            left = INFLATED_BYTES_MAX
            for part in parts:
                left -= _check_part(archive, part, left)
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, ValueError) as error:
        raise FileRefused.because("not-a-workbook") from error


def _check_part(archive: zipfile.ZipFile, part: zipfile.ZipInfo, bytes_max: int) -> int:
    """Look through one part; returns its size."""
    size = 0
    bounds = _Bounds()
    is_sheet = "worksheets/" in part.filename.lower()
    kept = b""
    with archive.open(part) as stream:
        while piece := stream.read(_PIECE_BYTES):
            size += len(piece)
            if size > bytes_max:
                raise _inflates()
            text = kept + piece
            if _DECLARATION.search(text):
                raise FileRefused.because("entities")
            # cut at the last whole tag, so that no cell is counted twice or missed
            cut = text.rfind(b"<") if is_sheet else max(len(text) - _OVERLAP_BYTES, 0)
            cut = cut if cut > 0 and len(text) - cut < _PIECE_BYTES else len(text)
            if is_sheet:
                bounds.see(text[:cut])
            kept = text[cut:]
    if is_sheet:
        bounds.see(kept)
    return size


class _Bounds:
    """How far the cells of a sheet reach."""

    def __init__(self) -> None:
        self._rows = 0
        self._columns = 0
        self._cells = 0

    def see(self, text: bytes) -> None:
        """Look at a stretch of the sheet. Raises FileRefused where a limit is passed."""
        places = _CELL_PLACE.findall(text)
        self._cells += sum(1 for _ in _CELL.finditer(text))
        rows = [int(row) for row in {*_ROW.findall(text), *(row for _, row in places)}]
        self._rows = max(self._rows, *rows) if rows else self._rows
        letters = {column for column, _ in places}
        self._columns = max(self._columns, *map(column_number, letters)) if letters else self._columns
        if self._rows > ROWS_MAX:
            raise FileRefused.because("too-many-rows", limit=ROWS_MAX)
        if self._columns > COLUMNS_MAX:
            raise FileRefused.because("too-many-columns", limit=COLUMNS_MAX)
        if max(self._cells, self._rows * self._columns) > CELLS_MAX:
            raise FileRefused.because("too-many-cells", limit=CELLS_MAX)


def column_number(letters: bytes) -> int:
    """The number of a column that is named by letters, counted from 1."""
    number = 0
    for letter in letters.upper()[:4]:
        number = number * 26 + letter - 64
    return number


def column_letters(number: int) -> str:
    """The letters of a column, counted from 1."""
    letters = ""
    while number > 0:
        number, digit = divmod(number - 1, 26)
        letters = chr(65 + digit) + letters
    return letters


def _inflates() -> FileRefused:
    return FileRefused.because("inflates", limit=INFLATED_BYTES_MAX, parts=ARCHIVE_PARTS_MAX)
