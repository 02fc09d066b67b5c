"""From the register to rows of cells, in the columns that an import reads: taken in again, a file changes nothing."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, BinaryIO, Final, Literal

import orjson
from pydantic import BaseModel

from services.kit.runtime import Runtime
from services.registry.imports import decide, store
from services.registry.imports.columns import CellKind, Column, columns_of
from services.registry.imports.convert import EXPORT_SEPARATOR, FORMULA_STARTS, guarded
from services.registry.imports.model import ENTRIES, Kind
from services.registry.stations.model import Station
from services.registry.stations.store import load_stations
from services.registry.volunteers.store import load_volunteers

PAGE_ROWS: Final = 1_000
Headings = Literal["en", "zh"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is to be exported: within these area prefixes, with or without who people are, in whose words."""

    kind: Kind
    prefixes: tuple[str, ...]
    with_identities: bool
    headings: Headings


async def columns_for(runtime: Runtime, wanted: Wanted) -> list[Column]:
    """The columns, with as many numbered ones as somebody needs."""
    columns = columns_of(ENTRIES[wanted.kind])
    if wanted.kind is Kind.STATIONS:
        return columns.all({})
    async with runtime.pool.acquire() as connection:
        most = await store.most_credentials(connection)
    found = columns.all({"credentials": most} if wanted.with_identities else {})
    return [c for c in found if wanted.with_identities or c.place[0] not in decide.VAULT_FIELDS]


async def pages(runtime: Runtime, wanted: Wanted) -> AsyncIterator[list[Mapping[str, Any]]]:
    """The values of entries, in the order of references, page by page; each page is of one moment."""
    after_ref = ""
    while True:
        async with runtime.pool.acquire() as connection:
            page = await _page(connection, wanted, after_ref)
        if page:
            after_ref = page[-1]["ref"]
            yield page
        if len(page) < PAGE_ROWS:
            return


async def _page(connection: Any, wanted: Wanted, after_ref: str) -> list[Mapping[str, Any]]:
    ids = await store.page(connection, wanted.kind, wanted.prefixes, after_ref, PAGE_ROWS)
    load = load_stations if wanted.kind is Kind.STATIONS else load_volunteers
    things = await load(connection, ids)
    needed = {station_id for thing in things.values() for station_id in decide.refs_needed(thing)}
    refs = {station_id: station.ref for station_id, station in (await load_stations(connection, needed)).items()}
    present = [things[one] for one in ids if one in things]
    vault = await store.load_identities(connection, ids) if wanted.with_identities else {}
    return [_values(thing, refs, vault) for thing in present]


def _values(thing: decide.Thing, refs: decide.Refs, vault: Mapping[Any, Any]) -> Mapping[str, Any]:
    if isinstance(thing, Station):
        return decide.station_values(thing, refs)
    identity = vault.get(thing.volunteer_id)
    return decide.volunteer_values(thing, refs, None if identity is None else identity[0])


def heading_row(columns: Sequence[Column], headings: Headings) -> list[str]:
    """The first row."""
    return [column.title_zh if headings == "zh" else column.field for column in columns]


def cells_of(values: Mapping[str, Any], columns: Sequence[Column], headings: Headings) -> list[Any]:
    """One row: text, numbers and dates."""
    return [_cell(_value_at(values, column.place), column, headings) for column in columns]


def _value_at(values: Mapping[str, Any], place: Sequence[str | int]) -> Any:
    found: Any = values
    for step in place:
        if found is None:
            return None
        if isinstance(step, int):
            found = found[step] if step < len(found) else None
        else:
            found = found.get(step) if isinstance(found, Mapping) else getattr(found, step)
    return found


def _cell(value: Any, column: Column, headings: Headings) -> Any:
    shape = column.shape
    if value is None:
        return ""
    if shape.many:
        return EXPORT_SEPARATOR.join(_word(one, column, headings) for one in value)
    if shape.kind in (CellKind.NUMBER, CellKind.WHOLE, CellKind.DATE):
        return value
    return _json(value) if shape.kind is CellKind.JSON else _word(value, column, headings)


def _json(value: Any) -> str:
    plain = value.model_dump(mode="json") if isinstance(value, BaseModel) else value
    return orjson.dumps(plain).decode()


def _word(value: Any, column: Column, headings: Headings) -> str:
    wire = ("true" if value else "false") if column.shape.kind is CellKind.YES_OR_NO else str(value)
    return column.shape.words_zh.get(wire, wire) if headings == "zh" else wire


def csv_bytes(rows: Sequence[Sequence[Any]]) -> bytes:
    """Rows as CSV (RFC 4180). Text that a spreadsheet program might run is guarded."""
    text = io.StringIO()
    csv.writer(text).writerows([_csv_cell(cell) for cell in row] for row in rows)
    return text.getvalue().encode()


def _csv_cell(cell: Any) -> str:
    if isinstance(cell, str):
        return guarded(cell)
    return cell.isoformat() if isinstance(cell, date) else repr(cell)


class WorkbookWriter:
    """Writes a workbook row by row. Text is stored as text, marked so that it stays that when somebody edits it."""

    def __init__(self, title: str) -> None:
        import openpyxl  # slow to import, seldom needed
        from openpyxl.cell import WriteOnlyCell
        from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

        self._cell = WriteOnlyCell
        self._illegal = ILLEGAL_CHARACTERS_RE
        self._book = openpyxl.Workbook(write_only=True)
        self._sheet = self._book.create_sheet(title)
        self._sheet.freeze_panes = "A2"

    def add(self, rows: Sequence[Sequence[Any]]) -> None:
        """Add rows."""
        for row in rows:
            self._sheet.append(list(map(self._made, row)))

    def save(self, file: BinaryIO) -> None:
        """Write the whole workbook."""
        self._book.save(file)

    def _made(self, value: Any) -> Any:
        if isinstance(value, date):
            cell = self._cell(self._sheet, value)
            cell.number_format = "yyyy-mm-dd"
            return cell
        if isinstance(value, float) and float(f"{value:.15g}") != value:
            return repr(value)  # a workbook's numbers have 15 digits
        if not isinstance(value, str):
            return value
        text = self._illegal.sub("", value)
        if text[:1] == "'":
            return guarded(text)  # or an import would take it for a guard
        if text[:1] not in FORMULA_STARTS:
            return text
        cell = self._cell(self._sheet, text)
        cell.data_type = "s"
        cell.quotePrefix = True
        return cell


def pieces(file: BinaryIO, size: int) -> Iterator[bytes]:
    """A file from its beginning."""
    file.seek(0)
    while piece := file.read(size):
        yield piece
