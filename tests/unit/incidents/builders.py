"""Declarations with complete defaults."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from services.incidents.decide import declare
from services.incidents.model import Declared, DeclareRequest, Refusal
from services.incidents.reference import load_reference

NOW = datetime(2026, 5, 12, 6, 30, tzinfo=UTC)
INCIDENT_ID = UUID("0f8fad5b-d9cb-469f-a165-70867728950e")
REFERENCE = load_reference()
SQUARE = [[103.0, 31.0], [104.0, 31.0], [104.0, 32.0], [103.0, 32.0], [103.0, 31.0]]
NEED = {"need_id": "core-lead", "zone_kind": "core", "role": "team-lead", "per_team": 1, "teams": 2}


def body(**changes: Any) -> dict[str, Any]:
    """The JSON body of a declaration; a change to None leaves the field out."""
    complete = {
        "kind": "earthquake",
        "level": "I",
        "title_zh": "汶川地震",
        "title_en": "Wenchuan earthquake",
        "occurred_at": "2026-05-12T14:28:00+08:00",
        "place": {"type": "Point", "coordinates": [103.36, 30.99]},
        "magnitude": 7.9,
        "area_codes": ["510000"],
        "needs": [NEED],
    }
    return {name: value for name, value in {**complete, **changes}.items() if value is not None}


def decided(**changes: Any) -> Declared | Refusal:
    """The decision about such a declaration."""
    request = DeclareRequest.model_validate(body(**changes))
    return declare(request, incident_id=INCIDENT_ID, now=NOW, reference=REFERENCE)
