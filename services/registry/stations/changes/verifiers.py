"""Which level verifies which change: the table `verifiers.json`, read and checked."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import Annotated, Final, Literal, Self

from pydantic import Field, model_validator

from schemas.values import Explanation
from schemas.vocabulary import JurisdictionLevel, StationChange, Tier
from services.registry.model import Request
from services.registry.stations.tree import level_over, rank, rank_of_tier

FILE: Final = Path(__file__).parent / "verifiers.json"
_LEVELS: Final = tuple(JurisdictionLevel)


class Verifier(Request):
    """So many levels above the station's own tier, and not below a certain level."""

    levels_above: Annotated[int, Field(ge=0, le=5)]
    at_least: JurisdictionLevel = JurisdictionLevel.VILLAGE


class Verifiers(Request):
    """The table. It has a row for every kind of change."""

    version: Literal[1]
    assumption: Explanation
    verifiers: dict[StationChange, Verifier]

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        missing = set(StationChange) - self.verifiers.keys()
        if missing:
            raise ValueError(f"nobody verifies {', '.join(sorted(missing))}")
        return self

    def level(self, changes: Iterable[StationChange], tiers: Sequence[Tier]) -> JurisdictionLevel:
        """The lowest level that may verify all of these changes of a station that has (and shall have) these tiers."""
        own = min(map(rank_of_tier, tiers))
        rules = [self.verifiers[change] for change in changes]
        return _LEVELS[min(max(0, min(own - rule.levels_above, rank(rule.at_least))) for rule in rules)]


def may_verify(areas: Sequence[str], codes: Sequence[str], level: JurisdictionLevel) -> bool:
    """Whether somebody with these areas acts over all of the codes on that level or above."""
    return rank(level_over(areas, codes)) <= rank(level)


def raised(level: JurisdictionLevel, by: int) -> JurisdictionLevel:
    """The level so many above, but not above the nation."""
    return _LEVELS[max(0, rank(level) - by)]


@cache
def load_verifiers() -> Verifiers:
    """The table that ships with the project."""
    return Verifiers.model_validate_json(FILE.read_bytes())
