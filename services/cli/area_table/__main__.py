"""Writes the table of areas and what it is made of: `python -m services.cli.area_table FOLDER`."""

from __future__ import annotations

import csv
import io
import sys
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any, Final

from services.cli.area_table import history, sources
from services.cli.area_table.centres import NAMED, Centres
from services.cli.area_table.english import english_name
from services.cli.area_table.model import Centre, Change, Former, Listed
from services.registry.areas.built_in import COLUMNS, TABLE

HEIR: Final = "successor"
"""Of an area that is no more, the centre of the only one that succeeded it."""
_DISTRICT: Final = "区"
_NO_DISTRICTS: Final = ("林区", "特区")


def build(folder: Path) -> tuple[str, Counter[str]]:
    """The table as CSV text, and how often each rule found a centre."""
    sources.check(folder)
    present, lists, changes = sources.read_present(folder), sources.read_lists(folder), sources.read_changes(folder)
    names = history.former_names(present, changes)
    former = history.former_areas(present, lists, changes)
    centres = Centres(present, sources.read_towns(folder, present), names)
    found = {code: centres.find(code) for code in present if not code.endswith("0000")}
    rows = [
        *(_present_row(present[code], names[code], centre, lists, changes) for code, centre in found.items()),
        *(_former_row(area, former, found) for area in former.values()),
    ]
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(sorted(rows, key=lambda row: str(row["code"])))
    return text.getvalue(), Counter(
        f"{_tier(str(row['code']), str(row['name_zh']))} {row['centre_by']}" for row in rows
    )


def _present_row(
    area: Listed, names: Sequence[str], centre: Centre | None, lists: sources.Lists, changes: Iterable[Change]
) -> dict[str, Any]:
    begun = history.begun(area.code, lists, changes)
    if centre is not None and centre.rule == NAMED and area.code.endswith("00"):
        names = [*names, centre.geoname]  # Hohhot, Ordos
    return _row(area.code, area.name, aliases=names, parent=area.parent, begun=begun, centre=centre)


def _former_row(area: Former, former: Mapping[str, Former], found: Mapping[str, Centre | None]) -> dict[str, Any]:
    heirs = area.successors
    while len(heirs) == 1 and heirs[0] in former and former[heirs[0]].ended_on >= area.ended_on:
        heirs = former[heirs[0]].successors
        if heirs and heirs[0] == area.code:
            break
    centre = found.get(heirs[0]) if len(heirs) == 1 else None
    inherited = centre and replace(centre, rule=HEIR)
    return _row(
        area.code, area.name, ended=area.ended_on, successors=area.successors, centre=inherited, document=area.document
    )  # fmt: skip


def _row(
    code: str,
    name: str,
    *,
    aliases: Sequence[str] = (),
    parent: str | None = None,
    begun: date | None = None,
    ended: date | None = None,
    successors: Sequence[str] = (),
    centre: Centre | None = None,
    document: str | None = None,
) -> dict[str, Any]:
    name_en = english_name(name)
    return {
        "code": code,
        "name_zh": name,
        "name_en": name_en,
        "aliases": ";".join(alias for alias in aliases if alias != name_en),
        "tier": _tier(code, name),
        "parent_code": parent,
        "valid_from": begun,
        "valid_to": ended,
        "successor_codes": ";".join(successors),
        "lat_deg": centre and centre.lat_deg,
        "lon_deg": centre and centre.lon_deg,
        "centre_by": centre and centre.rule,
        "geoname_id": centre and centre.geoname_id,
        "document": document,
    }


def _tier(code: str, name: str) -> str:
    if code.endswith("00"):
        return "prefecture"
    return "district" if name.endswith(_DISTRICT) and not name.endswith(_NO_DISTRICTS) else "county"


def main() -> None:
    """Write the table where the registry reads it."""
    text, rules = build(Path(sys.argv[1]))
    TABLE.write_text(text, encoding="utf-8")
    for rule, count in sorted(rules.items()):
        print(f"{rule}: {count}")


if __name__ == "__main__":
    main()
