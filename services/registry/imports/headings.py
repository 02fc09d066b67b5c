"""From the first row of a file to its columns; what cannot be understood is refused with the nearest name. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from rapidfuzz import fuzz, process

from services.registry.imports.columns import Column, Columns, fold_heading
from services.registry.imports.findings import FileRefused, RowError
from services.registry.imports.workbook import column_letters

_NEAR: Final = 65.0
_SHOWN_CHARS_MAX: Final = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Bound:
    """A column of the file: its position, its heading as written, and what it means."""

    index: int
    heading: str
    column: Column


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """The columns of a file. `absent` are the fields that may be left out and are."""

    bound: tuple[Bound, ...]
    width: int
    absent: frozenset[str]


def read_headings(headings: Sequence[Any], row: int, columns: Columns) -> Layout:
    """What the columns mean. Raises FileRefused with every heading that is wrong, double or missing.

    Headings are repeated in what is refused: by then some of them are known, so this is no row of somebody's data.
    """
    bound: list[Bound] = []
    errors: list[RowError] = []
    taken: dict[str, Bound] = {}
    for index, cell in enumerate(headings):
        heading = cell.strip() if isinstance(cell, str) else "" if cell is None else str(cell)
        if not heading:
            continue
        column = columns.find(heading)
        if column is None:
            errors.append(_unknown(heading, row, columns))
            continue
        found = Bound(index=index, heading=heading[:_SHOWN_CHARS_MAX], column=column)
        former = taken.setdefault(column.field, found)
        if former is not found:
            errors.append(_twice(former, found, row))
        bound.append(found)
    errors += _missing(taken, row, columns)
    if errors:
        raise FileRefused(*errors)
    given = {one.column.place[0] for one in bound}
    may_be_absent = {str(column.place[0]) for column in columns.single if not column.required}
    absent = frozenset(may_be_absent - given)
    return Layout(bound=tuple(bound), width=max((one.index for one in bound), default=0) + 1, absent=absent)


def _unknown(heading: str, row: int, columns: Columns) -> RowError:
    shown = heading[:_SHOWN_CHARS_MAX]
    names = {name: fold_heading(name) for name in columns.known_headings()}
    near = process.extractOne(fold_heading(heading), names, scorer=fuzz.ratio, score_cutoff=_NEAR)
    if near is None:
        return RowError(row=row, code="unknown-column", column=shown)
    return RowError(row=row, code="unknown-column-near", column=shown, args={"near": near[2]})


def _twice(former: Bound, found: Bound, row: int) -> RowError:
    letters = {"first": column_letters(former.index + 1), "second": column_letters(found.index + 1)}
    field = found.column.field
    return RowError(row=row, code="column-twice", column=found.heading, field=field, args={**letters, "field": field})


def _missing(taken: dict[str, Bound], row: int, columns: Columns) -> Iterator[RowError]:
    for column in columns.single:
        if column.required and column.field not in taken:
            yield RowError(row=row, code="column-missing", column=column.field, field=column.field)
