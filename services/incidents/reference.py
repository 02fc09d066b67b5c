"""What decisions look up: need templates and where the provinces are. Read once at start, checked, then only data."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from schemas.values import NeedLine
from schemas.vocabulary import IncidentKind, Level, Phase, Role, ZoneKind
from services.incidents.geometry import Box
from services.incidents.sameness.decide import Thresholds, read_thresholds

FOLDER: Final = Path(__file__).parent / "reference"
TemplateKey = tuple[IncidentKind, Level, Phase]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """Need lines by kind, level and phase, boxes by the first two digits of an area code, thresholds of likeness."""

    needs: Mapping[TemplateKey, tuple[NeedLine, ...]]
    needs_source: str
    province_boxes: Mapping[str, Box]
    alike: Mapping[IncidentKind, Thresholds]

    def boxes_of(self, area_codes: Sequence[str]) -> list[Box]:
        """The boxes of the provinces these codes lie in; codes of no known province have none."""
        return [self.province_boxes[code[:2]] for code in area_codes if code[:2] in self.province_boxes]


def load_reference(folder: Path = FOLDER) -> Reference:
    """Read the data files. Raises ValueError or KeyError if one is not what it should be."""
    templates = json.loads((folder / "need-templates.json").read_text(encoding="utf-8"))
    provinces = json.loads((folder / "province-boxes.json").read_text(encoding="utf-8"))["provinces"]
    return Reference(
        needs=_needs(templates),
        needs_source=templates["source"],
        province_boxes={str(province["code"])[:2]: Box(*map(float, province["box"])) for province in provinces},
        alike=read_thresholds(json.loads((folder / "sameness.json").read_text(encoding="utf-8"))),
    )


def _needs(document: Mapping[str, Any]) -> dict[TemplateKey, tuple[NeedLine, ...]]:
    found: dict[TemplateKey, tuple[NeedLine, ...]] = {}
    for template in document["templates"]:
        for kind in map(IncidentKind, template["kinds"]):
            for level, teams in template["teams"].items():
                if (kind, Level(level), Phase.ACUTE) in found:
                    raise ValueError(f"two need templates for {kind} at level {level}")
                for phase, share in document["phases"].items():
                    left = {zone: math.ceil(count * share) for zone, count in teams.items()}
                    lines = _lines(document["compositions"], template["zones"], left)
                    found[kind, Level(level), Phase(phase)] = tuple(lines)
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
