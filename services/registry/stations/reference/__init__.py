"""The words of stations with their names for people and where they come from: `vocabulary.json`, read and checked."""

from __future__ import annotations

from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any, Final, Literal, Self

from pydantic import model_validator

from schemas.values import Explanation
from schemas.vocabulary import HospitalGrade, InstitutionKind, RoomSetting, StationKind, StationService
from services.registry.model import Request

FILE: Final = Path(__file__).parent / "vocabulary.json"


class Word(Explanation):
    """A word in the two languages and its source; a service also has its IASC 4Ws activity code, if there is one."""

    source: str
    iasc_4ws: str | None = None


class Vocabulary(Request):
    """Every value of every enum, each with a source that is listed."""

    version: Literal[1]
    sources: dict[str, str]
    kinds: dict[StationKind, Word]
    settings: dict[RoomSetting, Word]
    institutions: dict[InstitutionKind, Word]
    grades: dict[HospitalGrade, Word]
    services: dict[StationService, Word]

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        tables: tuple[tuple[type[StrEnum], dict[Any, Word]], ...] = (
            (StationKind, self.kinds),
            (RoomSetting, self.settings),
            (InstitutionKind, self.institutions),
            (HospitalGrade, self.grades),
            (StationService, self.services),
        )
        for enum, words in tables:
            if missing := set(enum) - words.keys():
                raise ValueError(f"no words for {', '.join(sorted(missing))}")
            if unknown := {word.source for word in words.values()} - self.sources.keys():
                raise ValueError(f"unknown sources {', '.join(sorted(unknown))}")
        return self


@cache
def load_vocabulary() -> Vocabulary:
    """The words that ship with the project."""
    return Vocabulary.model_validate_json(FILE.read_bytes())
