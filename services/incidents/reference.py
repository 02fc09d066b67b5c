"""What decisions look up: need templates and where the provinces are. Read once at start, checked, then only data."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from schemas.values import NeedLine
from schemas.vocabulary import IncidentKind, Level, Role, ZoneKind
from services.incidents.geometry import Box

FOLDER: Final = Path(__file__).parent / "reference"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """Need lines by kind and level, and rough boxes by the first two digits of an area code."""

    needs: Mapping[tuple[IncidentKind, Level], tuple[NeedLine, ...]]
    province_boxes: Mapping[str, Box]

    def boxes_of(self, area_codes: Sequence[str]) -> list[Box]:
        """The boxes of the provinces these codes lie in; codes of no known province have none."""
        return [self.province_boxes[code[:2]] for code in area_codes if code[:2] in self.province_boxes]


def load_reference(folder: Path = FOLDER) -> Reference:
    """Read the data files. Raises ValueError or KeyError if one is not what it should be."""
    templates = json.loads((folder / "need-templates.json").read_text(encoding="utf-8"))
    provinces = json.loads((folder / "province-boxes.json").read_text(encoding="utf-8"))["provinces"]
    return Reference(
        needs=_needs(templates),
        province_boxes={str(province["code"])[:2]: Box(*map(float, province["box"])) for province in provinces},
    )


def _needs(document: Mapping[str, Any]) -> dict[tuple[IncidentKind, Level], tuple[NeedLine, ...]]:
    found: dict[tuple[IncidentKind, Level], tuple[NeedLine, ...]] = {}
    for template in document["templates"]:
        for kind in map(IncidentKind, template["kinds"]):
            for level, teams in template["teams"].items():
                if (kind, Level(level)) in found:
                    raise ValueError(f"two need templates for {kind} at level {level}")
                lines = _lines(document["compositions"], template["zones"], teams)
                found[kind, Level(level)] = tuple(lines)
    return found


def _lines(
    compositions: Mapping[str, Mapping[str, int]], zones: Mapping[str, str], teams: Mapping[str, int]
) -> list[NeedLine]:
    return [
        NeedLine(
            need_id=f"{zone}-{role}", zone_kind=ZoneKind(zone), role=Role(role), per_team=per_team, teams=teams[zone]
        )
        for zone, composition in zones.items()
        if zone in teams
        for role, per_team in compositions[composition].items()
    ]
