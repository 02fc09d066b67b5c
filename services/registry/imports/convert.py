"""From a cell to a value, by the shape of its column. Pure.

A cell is text (CSV) or what a workbook stores: text, number, yes/no, date. Text keeps its own letters; codes, words,
numbers and dates are read in any width.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from typing import Any, Final

import orjson
from rapidfuzz import fuzz, process

from services.registry.imports.columns import CellKind, Column, Shape, fold_word
from services.registry.imports.findings import CellRefused
from services.registry.imports.limits import CELL_CHARS_MAX, LIST_ITEMS_MAX

NOT_GIVEN: Final = object()
"""The cell is empty."""
FORMULA_STARTS: Final = frozenset("=+-@\t\r＝＋－＠")
"""A cell that begins with one of these may be run by a spreadsheet program."""
LIST_SEPARATORS: Final = re.compile(r"[;；、\n]")
EXPORT_SEPARATOR: Final = ";"
_GUARDED: Final = FORMULA_STARTS | {"'"}
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff]")
_DATE: Final = re.compile(r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?(?:[T ]00:00(?::00(?:\.0+)?)?)?")
_COMPACT_DATE: Final = re.compile(r"(\d{4})(\d{2})(\d{2})")
_EXCEL_DAY_ZERO: Final = date(1899, 12, 30)
_EXCEL_DAYS: Final = (20_000, 80_000)
"""Serial days that are taken for dates: 1954 to 2119."""
_EXACT_BELOW: Final = 10**15
"""A workbook's numbers have 15 digits; whole numbers beyond may have lost some."""
_ERRORS: Final = frozenset({"#N/A", "#REF!", "#VALUE!", "#DIV/0!", "#NAME?", "#NUM!", "#NULL!"})
_NEAR: Final = 60.0
_CACHED_MAX: Final = 10_000

Reader = Callable[[Any], Any]


def reader_of(column: Column) -> Reader:
    """What turns the column's cells into values: `NOT_GIVEN` for an empty one. Raises CellRefused.

    Cells of closed lists repeat, so what they mean is remembered.
    """
    one = _READERS[column.shape.kind]

    def read(cell: Any) -> Any:
        text = text_of(cell)
        if text == "":
            return NOT_GIVEN
        if not column.shape.many:
            return one(column.shape, cell if not isinstance(cell, str) else text)
        return _read_list(column.shape, text, one)

    if column.shape.kind in (CellKind.TEXT, CellKind.CODE, CellKind.NUMBER) and not column.shape.many:
        return read
    return _remembering(read)


def _remembering(read: Reader) -> Reader:
    known: dict[Any, Any] = {}

    def remember(cell: Any) -> Any:
        key = (type(cell), cell)
        found = known.get(key)
        if found is None:
            found = read(cell)
            if len(known) < _CACHED_MAX:
                known[key] = found
        return found

    return remember


def text_of(cell: Any) -> str:
    """A cell as text without the spaces around it, and without the guard against formulas. Raises CellRefused."""
    if cell is None:
        return ""
    if isinstance(cell, str):
        text = cell.strip()
        if len(text) > CELL_CHARS_MAX:
            raise CellRefused("too-long", limit=CELL_CHARS_MAX)
        if _CONTROL.search(text):
            raise CellRefused("control")
        return unguarded(text)
    if isinstance(cell, float) and cell.is_integer():
        if abs(cell) >= _EXACT_BELOW:
            raise CellRefused("number-too-precise")
        return str(int(cell))
    if isinstance(cell, datetime) and cell.time() == datetime.min.time():
        return cell.date().isoformat()
    return str(cell)


def guarded(text: str) -> str:
    """Text for a cell of a CSV file that no spreadsheet program runs as a formula. Undone by `unguarded`."""
    return f"'{text}" if text[:1] in _GUARDED else text


def unguarded(text: str) -> str:
    """Text without the apostrophe that guards it."""
    return text[1:] if len(text) > 1 and text[0] == "'" and text[1] in _GUARDED else text


def _read_list(shape: Shape, text: str, one: Callable[[Shape, Any], Any]) -> list[Any]:
    parts = [part for part in (piece.strip() for piece in LIST_SEPARATORS.split(text)) if part]
    if len(parts) > LIST_ITEMS_MAX:
        raise CellRefused("too-many", limit=LIST_ITEMS_MAX)
    return list(dict.fromkeys(one(shape, part) for part in parts))


def _text(_: Shape, cell: Any) -> str:
    """What the readers of one value get is text already, or no text in the workbook either."""
    text = cell if isinstance(cell, str) else text_of(cell)
    if text in _ERRORS:
        raise CellRefused("formula-error", shown=text)
    return text


def _code(shape: Shape, cell: Any) -> str:
    return unicodedata.normalize("NFKC", _text(shape, cell)).strip()


def _word(shape: Shape, cell: Any) -> str:
    text = _text(shape, cell)
    found = shape.words.get(fold_word(text))
    if found is not None:
        return found
    near = nearest(text, shape.words)
    if near is not None:
        raise CellRefused("not-a-word-near", near=near, shown=text)
    raise CellRefused("not-a-word", words=", ".join(sorted(set(shape.words.values()))))


def _language(shape: Shape, cell: Any) -> str:
    text = _text(shape, cell)
    found = shape.words.get(fold_word(text))
    if found is not None:
        return found
    code = unicodedata.normalize("NFKC", text).casefold()
    if re.fullmatch(r"[a-z]{3}", code):
        return code
    near = nearest(text, shape.words)
    if near is not None:
        raise CellRefused("not-a-word-near", near=near, shown=text)
    raise CellRefused("not-a-language")


def nearest(text: str, words: Mapping[str, str]) -> str | None:
    """The wire form of the word that is nearly the same, if there is one."""
    found = process.extractOne(fold_word(text), words.keys(), scorer=fuzz.ratio, score_cutoff=_NEAR)
    return None if found is None else words[found[0]]


def _yes_or_no(shape: Shape, cell: Any) -> bool:
    if isinstance(cell, bool):
        return cell
    found = shape.words.get(fold_word(_text(shape, cell)))
    if found is None:
        raise CellRefused("not-yes-or-no")
    return found == "true"


def _date(shape: Shape, cell: Any) -> date:
    if isinstance(cell, datetime):
        return cell.date()
    if isinstance(cell, date):
        return cell
    if isinstance(cell, int | float) and not isinstance(cell, bool) and _EXCEL_DAYS[0] <= cell < _EXCEL_DAYS[1]:
        return _EXCEL_DAY_ZERO + timedelta(days=int(cell))
    text = _code(shape, cell)
    match = _DATE.fullmatch(text) or _COMPACT_DATE.fullmatch(text)
    if match is not None:
        try:
            return date(int(match[1]), int(match[2]), int(match[3]))
        except ValueError:
            raise CellRefused("not-a-date", shown=_if_short(text, 10)) from None
    raise CellRefused("not-a-date")


def _number(shape: Shape, cell: Any) -> float:
    if isinstance(cell, int | float) and not isinstance(cell, bool):
        return float(cell)
    text = _code(shape, cell).replace("−", "-").removesuffix("°").strip()
    try:
        number = float(text)
    except ValueError:
        raise CellRefused("not-a-number") from None
    if number in (float("inf"), float("-inf")) or number != number or "_" in text:
        raise CellRefused("not-a-number")
    return number


def _whole(shape: Shape, cell: Any) -> int:
    number = _number(shape, cell)
    if not number.is_integer():
        raise CellRefused("not-whole", shown=shown_number(number))
    return int(number)


def _json(shape: Shape, cell: Any) -> Any:
    try:
        return orjson.loads(_text(shape, cell))
    except orjson.JSONDecodeError:
        raise CellRefused("not-json") from None


def shown_number(value: Any) -> str | None:
    """A number that may be repeated: so short that it is no telephone number."""
    return _if_short(f"{value:g}", 6) if isinstance(value, int | float) else None


def _if_short(text: str, length_max: int) -> str | None:
    return text if len(text) <= length_max else None


_READERS: Final[Mapping[CellKind, Callable[[Shape, Any], Any]]] = {
    CellKind.TEXT: _text,
    CellKind.CODE: _code,
    CellKind.WORD: _word,
    CellKind.LANGUAGE: _language,
    CellKind.YES_OR_NO: _yes_or_no,
    CellKind.DATE: _date,
    CellKind.WHOLE: _whole,
    CellKind.NUMBER: _number,
    CellKind.JSON: _json,
}
