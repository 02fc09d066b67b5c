"""What the gazetteer holds and answers. Nothing here does I/O."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Final

from schemas.values import Position
from schemas.vocabulary import Tier

QUERY_CHARS_MAX: Final = 200
CANDIDATES_MAX: Final = 10


class QueryRefused(ValueError):
    """The query is empty or too long."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A place that can be found. An area has a code and dates; a town has none and lies in the area `within`."""

    key: str
    name_zh: str | None
    name_en: str | None
    names: tuple[str, ...] = ()
    """All further names: old, short, foreign."""
    code: str | None = None
    within: str | None = None
    tier: Tier | None = None
    position: Position | None = None
    population: int = 0
    valid_from: date | None = None
    valid_to: date | None = None
    successor_codes: tuple[str, ...] = ()
    source: str

    @property
    def home(self) -> str | None:
        """The code by which it lies inside others."""
        return self.code or self.within


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A place that may be meant. `score` is 1 for its full name; `is_guess` says that the name was not the typed one,
    or that what was typed contradicts itself. `rest` is what of the query was not understood. `replaced` are codes that
    were named and no longer stand on the day.
    """

    entry: Entry
    score: float
    is_guess: bool = False
    rest: str = ""
    parents: tuple[Entry, ...] = ()
    replaced: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """The answer to a query: candidates, best first. `certain` is the one that is meant, if there is no doubt."""

    candidates: tuple[Candidate, ...] = field(default=())

    @property
    def certain(self) -> Candidate | None:
        """The only candidate that is no guess; None when there is none or several."""
        sure = [candidate for candidate in self.candidates if not candidate.is_guess]
        return sure[0] if len(sure) == 1 else None
