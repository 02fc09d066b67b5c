"""What the rooms of the register have in common: requests, references, outcomes and facts."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Any, Final
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from schemas.envelope import Event
from schemas.values import LanguageCode
from services.kit.problems import Finding

ITEMS_MAX: Final = 1_000
LANGUAGES_MAX: Final = 40

Ref = Annotated[str, Field(min_length=1, max_length=120, pattern=r"^[A-Za-z0-9][A-Za-z0-9._:/-]*$")]
"""An operator's own reference. It becomes the id (by hashing) and may stand in answers, so it must name nobody."""
Languages = Annotated[tuple[LanguageCode, ...], Field(max_length=LANGUAGES_MAX)]


class Request(BaseModel):
    """Unknown fields are refused: a misspelt one must not be dropped in silence."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, str_strip_whitespace=True)


class Batch(Request):
    """Items are checked one by one, so that a wrong one does not hold up the others."""

    items: Annotated[list[Any], Field(min_length=1, max_length=ITEMS_MAX)]


class Entry(Request):
    """One item of a batch."""

    ref: Ref


class Outcome(StrEnum):
    """What became of one item."""

    CREATED = "created"
    UNCHANGED = "unchanged"
    CHANGED = "changed"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """An event to publish, with its key and the area whose readers may see it."""

    key: UUID | str
    area_code: str
    event: Event


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """What is wrong with one item."""

    problems: tuple[Finding, ...]
