"""The areas that are known before any pack is brought in: the province-level ones of GB/T 2260."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Final

from schemas.events.area import AreaSource
from services.registry.areas.model import AreaEntry

FILE: Final = Path(__file__).parent / "reference" / "provinces.json"


def read_built_in(file: Path = FILE) -> tuple[AreaSource, list[AreaEntry]]:
    """The table and where it comes from. Raises ValueError if it is not what it should be."""
    content = file.read_bytes()
    document = json.loads(content)
    source = AreaSource(
        name=document["source"], licence=document["licence"], sha256=hashlib.sha256(content).hexdigest()
    )  # fmt: skip
    return source, [AreaEntry.model_validate(area) for area in document["areas"]]
