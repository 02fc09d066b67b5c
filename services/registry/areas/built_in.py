"""The areas that are known before any pack is brought in: provinces (GB/T 2260), prefectures and counties.

None has a boundary. The table is made by `services/cli/area_table`; docs/area-data.md says of what.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any, Final

from schemas.events.area import AreaSource
from services.registry.areas.model import AreaEntry

_FOLDER: Final = Path(__file__).parent / "reference"
PROVINCES: Final = _FOLDER / "provinces.json"
TABLE: Final = _FOLDER / "areas.csv"
SOURCES: Final = _FOLDER / "areas.json"
COLUMNS: Final = (
    "code", "name_zh", "name_en", "aliases", "tier", "parent_code", "valid_from", "valid_to", "successor_codes",
    "lat_deg", "lon_deg", "centre_by", "geoname_id", "document",
)  # fmt: skip
"""Of the table. `centre_by` is the rule that found the centre, `document` the decision by which the code ended."""
_LISTS: Final = ("aliases", "successor_codes")
_OF_ORIGIN: Final = ("centre_by", "geoname_id", "document")


def read_built_in(*, after_code: str = "", limit: int | None = None) -> list[tuple[AreaSource, AreaEntry]]:
    """Built-in areas in the order of codes, each with where it comes from. Raises ValueError for a bad table."""
    known = sorted([*_provinces(), *_table()], key=lambda line: line[1]["code"])
    wanted = (line for line in known if line[1]["code"] > after_code)
    return [(source, AreaEntry.model_validate(fields)) for source, fields in islice(wanted, limit)]


def _provinces() -> Iterator[tuple[AreaSource, dict[str, Any]]]:
    content = PROVINCES.read_bytes()
    document = json.loads(content)
    source = AreaSource(
        name=document["source"], licence=document["licence"], sha256=hashlib.sha256(content).hexdigest()
    )  # fmt: skip
    yield from ((source, area) for area in document["areas"])


def _table() -> Iterator[tuple[AreaSource, dict[str, Any]]]:
    """The lines of the table; what their source says of the centre follows the rule that found it."""
    content, origin = TABLE.read_bytes(), json.loads(SOURCES.read_bytes())
    sha256 = hashlib.sha256(content).hexdigest()
    sources = {
        rule: AreaSource(name=f"{origin['codes']}; {told}", licence=origin["licence"], sha256=sha256)
        for rule, told in origin["centre_by"].items()
    }
    for row in csv.DictReader(io.StringIO(content.decode())):
        said = {name: value for name, value in row.items() if value and name not in _OF_ORIGIN}
        yield (
            sources[row["centre_by"]],
            {name: value.split(";") if name in _LISTS else value for name, value in said.items()},
        )
