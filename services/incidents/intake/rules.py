"""The assumed rules by which feeds' words become a kind and a level, read from `reference/proposal-rules.json`."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import Final

import orjson

from schemas.vocabulary import IncidentKind, Level

_FILE: Final = "reference/proposal-rules.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """Magnitudes and words are in the order in which they are tried."""

    level_of_colour: Mapping[str, Level]
    level_of_severity: Mapping[str, Level]
    magnitude_from: tuple[tuple[float, Level], ...]
    is_future_lower: bool
    kind_of_hazard: Mapping[str, IncidentKind]
    kind_of_code: Mapping[str, IncidentKind]
    kind_of_word: tuple[tuple[IncidentKind, tuple[str, ...]], ...]
    kind_of_category: Mapping[str, IncidentKind]
    headline_left_out: frozenset[IncidentKind]


@functools.cache
def assumed_rules() -> Rules:
    """The rules of the project. They are assumptions, and proposals say so."""
    document = orjson.loads((files("services.incidents.intake") / _FILE).read_bytes())
    levels, kinds = document["levels"], document["kinds"]
    return Rules(
        level_of_colour={colour: Level(level) for colour, level in levels["colour"].items()},
        level_of_severity={severity: Level(level) for severity, level in levels["severity"].items()},
        magnitude_from=tuple((float(least), Level(level)) for least, level in levels["magnitude_from"]),
        is_future_lower=bool(levels["future_is_lower"]),
        kind_of_hazard={hazard: IncidentKind(kind) for hazard, kind in kinds["hazard"].items()},
        kind_of_code={code: IncidentKind(kind) for code, kind in kinds["code"].items()},
        kind_of_word=tuple((IncidentKind(kind), tuple(words)) for kind, words in kinds["word"]),
        kind_of_category={name: IncidentKind(kind) for name, kind in kinds["category"].items()},
        headline_left_out=frozenset(IncidentKind(kind) for kind in document["headline_left_out"]),
    )
