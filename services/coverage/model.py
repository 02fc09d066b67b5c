"""Values of the live picture. Everything is plain JSON underneath, because it lives in tables and their changelogs.

A *contributor* is one aggregate of one topic (a volunteer, an alert, a mission, a case, a plan, an incident's zones).
It contributes absolute counts, its *cells*, to areas. An area's totals are the sums over its contributors, so that
replacing a contributor's cells is all that ever happens and no event can be counted twice.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal, NamedTuple

from schemas.vocabulary import Role

Cells = dict[str, int]
"""Cell name -> count. A name is `<measure>:<role>:<language or nothing>`, `case:<level>` or `followup`."""
Measure = Literal["needed", "accepted", "assigned", "on_scene", "available"]
MEASURES: Final[tuple[Measure, ...]] = ("needed", "accepted", "assigned", "on_scene", "available")
FOLLOWUP: Final = "followup"
_CASE: Final = "case"


class Skill(NamedTuple):
    """A role and a language (None: any), which is what needs and capacity are counted by."""

    role: Role
    language: str | None

    @property
    def name(self) -> str:
        """The skill as text, `role:language`."""
        return f"{self.role}:{self.language or ''}"

    @classmethod
    def of_name(cls, name: str) -> Skill:
        """The skill of a text written by `name`."""
        role, _, language = name.partition(":")
        return cls(Role(role), language or None)


def cell(measure: Measure, role: str, language: str | None) -> str:
    """Name of the cell that counts a measure for a skill."""
    return f"{measure}:{role}:{language or ''}"


def case_cell(level: str) -> str:
    """Name of the cell that counts open cases of a triage level."""
    return f"{_CASE}:{level}"


def province_area(area_code: str) -> str:
    """The area of the province that an administrative code lies in (GB/T 2260: the first two digits)."""
    return f"area:{area_code[:2]}0000"


def zone_area(zone_id: object) -> str:
    """The area of a zone."""
    return f"zone:{zone_id}"


def add_cells(into: Cells, more: Mapping[str, int], sign: int = 1) -> None:
    """Add (or with sign -1 take away) counts; a count that becomes nothing is dropped."""
    for name, count in more.items():
        total = into.get(name, 0) + sign * count
        if total:
            into[name] = total
        else:
            into.pop(name, None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What one event means for its contributor, without what the live picture does not need."""

    contributor: str
    sequence: int
    type: str
    data: dict[str, Any]

    def to_json(self) -> list[Any]:
        """As it travels in `coverage-inputs`."""
        return [self.contributor, self.sequence, self.type, self.data]

    @classmethod
    def of_json(cls, value: Any) -> Change:
        """Read what `to_json` wrote. Raises ValueError for anything else."""
        match value:
            case [str(contributor), int(sequence), str(kind), dict(data)] if sequence > 0:
                return cls(contributor=contributor, sequence=sequence, type=kind, data=data)
        raise ValueError("not a change: [contributor, sequence, type, data] expected")


@dataclass(frozen=True, slots=True, kw_only=True)
class Contribution:
    """What a contributor adds to each area, and what it knows about zones. Areas it has left stay, without cells."""

    cells: dict[str, Cells] = field(default_factory=dict)
    facts: dict[str, dict[str, Any]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ContributorRow:
    """A contributor as it is kept: how far its events were applied, its state, what it contributes.

    `at` is the offset of the input that changed it last; the greatest of a partition orders the partition's totals.
    """

    sequence: int
    at: int
    state: dict[str, Any]
    contribution: Contribution

    def to_json(self) -> dict[str, Any]:
        """As it is kept in the table."""
        return {
            "sequence": self.sequence,
            "at": self.at,
            "state": self.state,
            "cells": self.contribution.cells,
            "facts": self.contribution.facts,
        }

    @classmethod
    def of_json(cls, value: Mapping[str, Any]) -> ContributorRow:
        """Read a table's row."""
        return cls(
            sequence=value["sequence"],
            at=value["at"],
            state=value["state"],
            contribution=Contribution(cells=value["cells"], facts=value["facts"]),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Partial:
    """The totals of one area over the contributors of one partition, absolute. The greater version is the newer."""

    area: str
    partition: int
    version: int
    cells: Cells
    facts: dict[str, Any] | None

    def to_json(self) -> list[Any]:
        """As it travels in `coverage-partials`."""
        return [self.area, self.partition, self.version, self.cells, self.facts]

    @classmethod
    def of_json(cls, value: Any) -> Partial:
        """Read what `to_json` wrote. Raises ValueError for anything else."""
        match value:
            case [str(area), int(partition), int(version), dict(cells), facts] if facts is None or type(facts) is dict:
                return cls(area=area, partition=partition, version=version, cells=cells, facts=facts)
        raise ValueError("not a partial: [area, partition, version, cells, facts] expected")
