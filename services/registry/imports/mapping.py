"""From rows of cells to entries, batch by batch, with everything that is wrong told by row and column. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import islice
from typing import Any, Final, Generic, TypeVar

from pydantic import TypeAdapter, ValidationError

from services.registry.imports.columns import Column, columns_of
from services.registry.imports.convert import NOT_GIVEN, Reader, reader_of, shown_number, text_of
from services.registry.imports.findings import CellRefused, FileRefused, RowError
from services.registry.imports.headings import Bound, Layout, read_headings
from services.registry.imports.limits import ROW_ERRORS_MAX
from services.registry.imports.table import Table, is_empty, open_table
from services.registry.imports.workbook import column_letters
from services.registry.model import Entry

E = TypeVar("E", bound=Entry)
_PATTERN_CODES: Final = {"ref": "pattern-ref", "area_code": "pattern-area", "phone": "pattern-phone"}


@dataclass(slots=True)
class Rows(Generic[E]):
    """Some rows of a file: those that can be read, by their number, and what is wrong with the others."""

    count: int = 0
    entries: dict[int, E] = field(default_factory=dict)
    errors: dict[int, list[RowError]] = field(default_factory=dict)


class RosterFile(Generic[E]):
    """A file of one kind of entry. Opening it looks at all of it once: limits, headings, references that come twice.

    Raises FileRefused for whatever is wrong with the file as a whole.
    """

    def __init__(self, content: bytes, entry: type[E]) -> None:
        self._columns = columns = columns_of(entry)
        self.table: Table = open_table(content, columns)
        self.layout: Layout = read_headings(self.table.headings, self.table.heading_row, columns)
        self._entry = entry
        self._readers: list[tuple[Bound, Reader]] = [(one, reader_of(one.column)) for one in self.layout.bound]
        self._groups = frozenset(group.field for group in columns.groups)
        self._defaults = {
            name: info.get_default() for name, info in entry.model_fields.items() if not info.is_required()
        }
        self._ref = next(one for one in self.layout.bound if one.column.field == "ref")
        self._numbers: dict[tuple[int, str], list[int]] = {}
        """Which of the numbered things of a row are there, where some before others are not."""
        self.row_count, self._repeated = self._look_through()

    def headings_of(self, name: str) -> str:
        """The heading of a field, as the file writes it."""
        return next((one.heading for one in self.layout.bound if one.column.place[0] == name), name)

    def batches(self, size: int, *, skip: int = 0, order: Callable[[E], Any] | None = None) -> Iterator[Rows[E]]:
        """The rows in batches of so many, always in the same order; `skip` leaves out the first so many.

        That is the order of the file, or that of `order`, rows that cannot be read last.
        """
        rows = islice(self.table.rows() if order is None else self._ordered(size, order), skip, None)
        while batch := list(islice(rows, size)):
            yield self._read(batch)

    def _ordered(self, size: int, order: Callable[[E], Any]) -> Iterator[tuple[int, Sequence[Any]]]:
        """As many passes over the file as there are places in the order: few, and nothing has to be held."""
        place = {row: order(entry) for rows in self.batches(size) for row, entry in rows.entries.items()}
        for wanted in [*sorted(set(place.values())), None]:
            yield from ((row, cells) for row, cells in self.table.rows() if place.get(row) == wanted)

    def _look_through(self) -> tuple[int, Mapping[int, int]]:
        first: dict[str, int] = {}
        repeated: dict[int, int] = {}
        count = 0
        for number, cells in self.table.rows():
            count += 1
            ref = _plain_ref(cells[self._ref.index] if self._ref.index < len(cells) else None)
            if ref and first.setdefault(ref, number) != number:
                repeated[number] = first[ref]
        if count == 0:
            raise FileRefused.because("empty")
        return count, repeated

    def _read(self, batch: Sequence[tuple[int, Sequence[Any]]]) -> Rows[E]:
        rows: Rows[E] = Rows(count=len(batch))
        self._numbers.clear()
        drafts: dict[int, dict[str, Any]] = {}
        for number, cells in batch:
            draft, errors = self._draft(number, cells)
            if number in self._repeated:
                args = {"first": self._repeated[number], "row": number}
                errors.insert(0, RowError(row=number, code="twice", column=self._ref.heading, field="ref", args=args))
            if errors:
                errors += self._also_wrong(number, draft, errors)
                rows.errors[number] = errors[:ROW_ERRORS_MAX]
            else:
                drafts[number] = draft
        self._validate(drafts, rows)
        return rows

    def _draft(self, number: int, cells: Sequence[Any]) -> tuple[dict[str, Any], list[RowError]]:
        draft: dict[Any, Any] = {}
        errors: list[RowError] = []
        width = len(cells)
        for bound, read in self._readers:
            if bound.index >= width:
                continue
            try:
                value = read(cells[bound.index])
            except CellRefused as refused:
                errors.append(_cell_error(number, bound, refused))
                continue
            if value is not NOT_GIVEN:
                _put(draft, bound.column.place, value)
            elif not bound.column.required:
                self._empty(draft, bound.column)
        if width > self.layout.width and not is_empty(cells[self.layout.width :]):
            beyond = next(i for i in range(self.layout.width, width) if not is_empty(cells[i : i + 1]))
            errors.append(RowError(row=number, code="beyond-headings", args={"column": column_letters(beyond + 1)}))
        for name, value in draft.items():
            if isinstance(value, dict) and name in self._groups:
                numbers = sorted(value)
                draft[name] = [value[number_in_row] for number_in_row in numbers]
                if len(numbers) <= numbers[-1]:  # there is a gap
                    self._numbers[number, name] = numbers
        return draft, errors

    def _empty(self, draft: dict[str, Any], column: Column) -> None:
        """What an empty cell says: nothing of it, which is not the same as having no column for it."""
        name = str(column.place[0])
        if name not in self._groups:
            draft.setdefault(name, self._defaults[name])

    def _validate(self, drafts: dict[int, dict[str, Any]], rows: Rows[E]) -> None:
        """All at once when all are good, which is the usual case; else each on its own."""
        try:
            entries = _adapter(self._entry).validate_python(list(drafts.values()))
        except ValidationError:
            pass
        else:
            rows.entries = dict(zip(drafts, entries, strict=True))
            return
        for number, draft in drafts.items():
            try:
                rows.entries[number] = self._entry.model_validate(draft)
            except ValidationError as error:
                rows.errors[number] = self._model_errors(number, error)[:ROW_ERRORS_MAX]

    def _also_wrong(self, number: int, draft: Mapping[str, Any], errors: Sequence[RowError]) -> list[RowError]:
        """What the model finds in a row of which some cells could not be read, but for those cells."""
        told = {error.field for error in errors}
        try:
            self._entry.model_validate(draft)
        except ValidationError as error:
            return [found for found in self._model_errors(number, error) if found.field not in told]
        return []

    def _model_errors(self, number: int, error: ValidationError) -> list[RowError]:
        return [self._model_error(number, item) for item in error.errors(include_url=False)]

    def _model_error(self, number: int, item: Mapping[str, Any]) -> RowError:
        place = self._place_of(number, item["loc"])
        bound = next((one for one in self.layout.bound if one.column.place == place[: len(one.column.place)]), None)
        name = bound.column.field if bound else self._columns.field_at(place)
        code, args = _words_of(item, name)
        value = shown_number(item["input"]) if code in ("at-least", "at-most") else None
        return RowError(
            row=number, code=code, column=bound.heading if bound else name, field=name, value=value, args=args
        )  # fmt: skip

    def _place_of(self, number: int, place: Sequence[str | int]) -> tuple[str | int, ...]:
        """Where in the file's own numbering the model found something."""
        numbers = self._numbers.get((number, str(place[0]))) if len(place) > 1 else None
        if numbers is None or not isinstance(place[1], int):
            return tuple(place)
        return (place[0], numbers[place[1]], *place[2:])


def _put(draft: dict[Any, Any], place: tuple[str | int, ...], value: Any) -> None:
    inside = draft
    for step in place[:-1]:
        within = inside.get(step)
        if not isinstance(within, dict):  # not there yet, or an empty cell before has said that there is nothing
            within = inside[step] = {}
        inside = within
    inside[place[-1]] = value


def _plain_ref(cell: Any) -> str:
    """A reference as it is compared within the file; what cannot be one is told when its row is read."""
    try:
        return text_of(cell)
    except CellRefused:
        return ""


def _cell_error(number: int, bound: Bound, refused: CellRefused) -> RowError:
    return RowError(
        row=number, code=refused.code, column=bound.heading, field=bound.column.field, value=refused.shown,
        args=refused.args_of_text,
    )  # fmt: skip


def _words_of(item: Mapping[str, Any], name: str | None) -> tuple[str, Mapping[str, object]]:
    """Our words for what pydantic found; its own never repeat a value, so they serve for what is left."""
    kind, context = item["type"], item.get("ctx", {})
    if kind == "missing":
        return "missing", {}
    if kind == "string_pattern_mismatch":
        return _PATTERN_CODES.get(_ref_like(name), "pattern"), {}
    if kind == "string_too_short":
        return "missing", {}
    if kind == "string_too_long":
        return "too-long", {"limit": context["max_length"]}
    if kind == "too_long":
        return "too-many", {"limit": context["max_length"]}
    if kind == "too_short":
        return "too-few", {"limit": context["min_length"]}
    if kind in ("less_than_equal", "less_than"):
        return "at-most", {"limit": f"{context.get('le', context.get('lt')):g}"}
    if kind in ("greater_than_equal", "greater_than"):
        return "at-least", {"limit": f"{context.get('ge', context.get('gt')):g}"}
    return "invalid", {"said": item["msg"].removeprefix("Value error, ")}


def _ref_like(name: str | None) -> str:
    return "ref" if name is not None and name.endswith(("ref", "refs")) else name or ""


@cache
def _adapter(entry: type[E]) -> TypeAdapter[list[E]]:
    return TypeAdapter(list[entry])  # type: ignore[valid-type]
