"""The columns of a file, derived from the entry that a row becomes: a field that an entry gains is a column at once.

A field that holds several things of its own (credentials) becomes numbered columns: `credential_1_kind`. Other names
for headings, and words for values, are data (reference/words.json).
"""

from __future__ import annotations

import dataclasses
import re
import types
import typing
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import Enum, StrEnum
from functools import cache
from pathlib import Path
from typing import Any, Final

import orjson
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from schemas.values import LanguageCode
from services.registry.imports.limits import LIST_ITEMS_MAX

_WORDS: Final[Mapping[str, Any]] = orjson.loads((Path(__file__).parent / "reference" / "words.json").read_bytes())
_BRACKETS: Final = re.compile(r"[(\[{【].*?[)\]}】]")


class CellKind(StrEnum):
    """How a cell is read."""

    TEXT = "text"
    CODE = "code"
    """Text with a form of its own (a reference, a code, a telephone number): full-width letters are made plain."""
    WORD = "word"
    LANGUAGE = "language"
    YES_OR_NO = "yes-or-no"
    DATE = "date"
    WHOLE = "whole-number"
    NUMBER = "number"
    JSON = "json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """What one cell holds. `words` gives the wire form of every word that is understood, by its folded form; `words_zh`
    the word for Chinese readers, by the wire form."""

    kind: CellKind
    many: bool = False
    words: Mapping[str, str] = dataclasses.field(default_factory=dict)
    words_zh: Mapping[str, str] = dataclasses.field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column: its canonical heading, other names for it, and where in the entry its value goes."""

    field: str
    names: tuple[str, ...]
    place: tuple[str | int, ...]
    shape: Shape
    required: bool = False

    @property
    def title_zh(self) -> str:
        """The heading for Chinese readers."""
        return self.names[0] if self.names else self.field


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """A field that becomes numbered columns; `columns` are those of one of its things, placed within it."""

    field: str
    singular: str
    names: tuple[str, ...]
    columns: tuple[Column, ...]
    count_max: int

    def numbered(self, number: int) -> Iterator[Column]:
        """The columns of the thing with this number, counted from 1."""
        title_zh = self.names[0] if self.names else self.singular
        for column in self.columns:
            yield Column(
                field=f"{self.singular}_{number}_{column.field}",
                names=(f"{title_zh}{number}{column.title_zh}",),
                place=(self.field, number - 1, *column.place),
                shape=column.shape,
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """All that a file of one kind may have."""

    single: tuple[Column, ...]
    groups: tuple[Group, ...]
    _by_name: Mapping[str, Column]
    _by_group_name: Mapping[str, Group]

    def find(self, heading: str) -> Column | None:
        """The column that a heading means."""
        folded = fold_heading(heading)
        found = self._by_name.get(folded)
        return found if found is not None else self._find_numbered(folded)

    def _find_numbered(self, folded: str) -> Column | None:
        for name, group in self._by_group_name.items():
            if not folded.startswith(name):
                continue
            rest = folded[len(name) :]
            match = re.fullmatch(r"(\d*)(\D+?)(\d*)", rest)
            if match is None or (match[1] and match[3]):
                continue
            number = int(match[1] or match[3] or 1)
            if 1 <= number <= group.count_max:
                for column, numbered in zip(group.columns, group.numbered(number), strict=True):
                    if match[2] in map(fold_heading, (column.field, *column.names)):
                        return numbered
        return None

    def all(self, group_counts: Mapping[str, int]) -> list[Column]:
        """The columns in order, with so many numbered ones of each group."""
        numbered = [
            column
            for group in self.groups
            for number in range(1, group_counts.get(group.field, 0) + 1)
            for column in group.numbered(number)
        ]
        return [*self.single, *numbered]

    def field_at(self, place: Sequence[str | int]) -> str:
        """The canonical heading of a place in the entry, also where a file has no such column."""
        group = next((group for group in self.groups if group.field == place[0] and len(place) > 2), None)
        if group is not None:
            return f"{group.singular}_{int(place[1]) + 1}_{place[2]}"
        within = any(column.place[:2] == tuple(place[:2]) for column in self.single if len(column.place) == 2)
        return f"{place[0]}_{place[1]}" if within else str(place[0])

    def known_headings(self) -> Sequence[str]:
        """Every heading that is understood, of groups the first; to look for the nearest."""
        first = [column for group in self.groups for column in group.numbered(1)]
        return [name for column in (*self.single, *first) for name in (column.field, *column.names)]


def fold_heading(heading: str) -> str:
    """A heading without what makes no difference: case, width, spaces, punctuation, words in brackets."""
    plain = _BRACKETS.sub("", unicodedata.normalize("NFKC", heading)).casefold()
    return "".join(letter for letter in plain if letter.isalnum())


def fold_word(word: str) -> str:
    """A word of a closed list without case, width, spaces, hyphens and underscores."""
    return re.sub(r"[\s_\-]+", "", unicodedata.normalize("NFKC", word).casefold())


@cache
def columns_of(entry: type[BaseModel]) -> Columns:
    """The columns of files whose rows become this entry."""
    single: list[Column] = []
    groups: list[Group] = []
    by_name: dict[str, Column] = {}
    by_group_name: dict[str, Group] = {}
    for field, info in entry.model_fields.items():
        annotation, _, many = _unwrap(info.annotation, [])
        if many and isinstance(annotation, type) and issubclass(annotation, BaseModel):
            group = Group(
                field=field,
                singular=field.removesuffix("s"),
                names=_names(entry, field),
                columns=tuple(_column(annotation, *item) for item in annotation.model_fields.items()),
                count_max=_max_length(info.metadata),
            )
            groups.append(group)
            by_group_name |= {fold_heading(name): group for name in (field, group.singular, *group.names)}
            continue
        for column in _within(annotation, field, _names(entry, field)) or [_column(entry, field, info)]:
            single.append(column)
            for name in (column.field, *column.names):
                by_name.setdefault(fold_heading(name), column)
    longest_first = dict(sorted(by_group_name.items(), key=lambda item: -len(item[0])))
    return Columns(single=tuple(single), groups=tuple(groups), _by_name=by_name, _by_group_name=longest_first)


def _within(annotation: Any, field: str, names: tuple[str, ...]) -> list[Column]:
    """The columns of a thing within an entry; none if it is no such thing, or holds others: that is a cell of JSON."""
    if not isinstance(annotation, type) or not issubclass(annotation, BaseModel):
        return []
    inner = [_column(annotation, *item) for item in annotation.model_fields.items()]
    if any(column.shape.kind is CellKind.JSON for column in inner):
        return []
    titles = names or (field,)
    return [
        Column(
            field=f"{field}_{column.field}",
            names=tuple(f"{title}{name}" for title in titles for name in column.names),
            place=(field, *column.place),
            shape=column.shape,
        )
        for column in inner
    ]


def _column(entry: type[BaseModel], field: str, info: FieldInfo) -> Column:
    annotation, metadata, many = _unwrap(info.annotation, list(info.metadata))
    return Column(
        field=field,
        names=_names(entry, field),
        place=(field,),
        shape=_shape(annotation, metadata, many),
        required=info.is_required(),
    )


def _names(entry: type[BaseModel], field: str) -> tuple[str, ...]:
    return tuple(_WORDS["headings"].get(entry.__name__, {}).get(field, ()))


def _unwrap(annotation: Any, metadata: list[Any]) -> tuple[Any, list[Any], bool]:
    """The type of one value, what constrains it, and whether the cell holds several."""
    many = False
    while True:
        origin, parts = typing.get_origin(annotation), typing.get_args(annotation)
        if origin in (typing.Union, types.UnionType):
            annotation = next(part for part in parts if part is not type(None))
        elif origin is typing.Annotated:
            annotation = parts[0]
            metadata = [*metadata, *(one for part in parts[1:] for one in (part, *getattr(part, "metadata", ())))]
        elif origin in (tuple, list, frozenset, set):
            many, annotation, metadata = True, parts[0], []
        else:
            return annotation, metadata, many


def _shape(annotation: Any, metadata: Sequence[Any], many: bool) -> Shape:
    if not isinstance(annotation, type):
        return Shape(kind=CellKind.JSON)
    pattern = _pattern(metadata)
    if issubclass(annotation, Enum):
        own = {fold_word(str(member.value)): str(member.value) for member in annotation}
        return _worded(CellKind.WORD, annotation.__name__, many, own)
    if annotation is str and pattern == _pattern(_flat(LanguageCode)):
        return _worded(CellKind.LANGUAGE, "LanguageCode", many, {})
    if annotation is str:
        return Shape(kind=CellKind.TEXT if pattern is None else CellKind.CODE, many=many)
    if annotation is bool:
        return _worded(CellKind.YES_OR_NO, "bool", many, {})
    kinds = {date: CellKind.DATE, int: CellKind.WHOLE, float: CellKind.NUMBER}
    return Shape(kind=kinds[annotation], many=many) if annotation in kinds else Shape(kind=CellKind.JSON)


def _worded(kind: CellKind, name: str, many: bool, own: Mapping[str, str]) -> Shape:
    lists: Mapping[str, Sequence[str]] = _WORDS["values"].get(name, {})
    words = {fold_word(word): value for value, words in lists.items() for word in (value, *words)}
    return Shape(
        kind=kind, many=many, words={**words, **own}, words_zh={value: words[0] for value, words in lists.items()}
    )  # fmt: skip


def _flat(annotated: Any) -> list[Any]:
    return _unwrap(annotated, [])[1]


def _pattern(metadata: Sequence[Any]) -> str | None:
    return next((str(found) for one in metadata if (found := getattr(one, "pattern", None))), None)


def _max_length(metadata: Sequence[Any]) -> int:
    return next((int(found) for one in metadata if (found := getattr(one, "max_length", None))), LIST_ITEMS_MAX)
