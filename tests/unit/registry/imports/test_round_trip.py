"""Whatever the register holds: taken out and in again it is the same, in both forms, both languages, every encoding."""

from __future__ import annotations

import io
import random
from datetime import date
from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.vocabulary import ContactChannel, Role, StationKind, StationService, Tier
from services.registry.imports.columns import columns_of
from services.registry.imports.decide import (
    digest_of,
    form_of,
    station_from,
    station_values,
    volunteer_from,
    volunteer_values,
)  # fmt: skip
from services.registry.imports.export import WorkbookWriter, cells_of, csv_bytes, heading_row
from services.registry.imports.mapping import RosterFile
from services.registry.stations.decide import station_id_of, station_of
from services.registry.stations.model import StationEntry
from services.registry.volunteers.edits import of_entry
from services.registry.volunteers.model import Identity, VolunteerEntry
from tests.support.properties import examples
from tests.unit.registry.stations.builders import station_item
from tests.unit.registry.volunteers.builders import credential_item, volunteer_item

REFS: Final = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._:/-]{0,10}", fullmatch=True)
TEXT: Final = (
    st.text(st.characters(codec="gb18030", exclude_categories=["Cc", "Cs"], include_characters="\n"), max_size=12)
    .map(str.strip)
    .filter(lambda text: text != "" and not text.startswith("#"))
)
LANGUAGES: Final = st.lists(st.sampled_from(["cmn", "khg", "adx", "xyz"]), min_size=1, max_size=3, unique=True)
DEGREES: Final = st.floats(-90, 90)
DAYS: Final = st.dates(date(1990, 1, 1), date(2099, 12, 31))
STATIONS: Final = st.builds(
    station_item, ref=REFS, kind=st.sampled_from(StationKind), tier=st.sampled_from(Tier), name_zh=TEXT, name_en=TEXT,
    lat_deg=DEGREES, lon_deg=DEGREES, languages=LANGUAGES | st.just([]), is_open=st.booleans(),
    detachment_ref=st.none() | REFS, room_count=st.none() | st.integers(0, 99), verified_on=st.none() | DAYS,
    services=st.lists(st.sampled_from(StationService), max_size=3, unique=True),
    catchment=st.none() | st.builds(dict, radius_m=st.integers(1, 10_000)),
)  # fmt: skip
CREDENTIALS: Final = st.builds(
    credential_item, kind=TEXT, issuer=TEXT, number=TEXT, roles=st.just(["support"]), expires_on=st.none() | DAYS
)  # fmt: skip
VOLUNTEERS: Final = st.builds(
    volunteer_item, ref=REFS, home_station_ref=REFS, membership_refs=st.lists(REFS, max_size=2), name=st.none() | TEXT,
    phone=st.sampled_from([None, "+86 138 0013 8000", "12356"]), languages=LANGUAGES, is_adult=st.booleans(),
    roles=st.lists(st.sampled_from(Role), min_size=1, unique=True), credentials=st.lists(CREDENTIALS, max_size=3),
    available=st.booleans(), is_retired=st.booleans(),
    channels=st.none() | st.lists(st.sampled_from(ContactChannel), unique=True),
)  # fmt: skip
WAYS: Final = ["utf-8", "utf-8-sig", "gb18030", "utf-16", "xlsx"]


def file_of(entry: type, values: dict[str, Any], way: str, headings: Any, seed: int) -> bytes:
    columns = columns_of(entry).all({"credentials": len(values.get("credentials", ()))})
    random.Random(seed).shuffle(columns)
    rows = [heading_row(columns, headings), cells_of(values, columns, headings)]
    if way != "xlsx":
        return csv_bytes(rows).decode().encode(way)
    writer = WorkbookWriter("x")
    writer.add(rows)
    out = io.BytesIO()
    writer.save(out)
    return out.getvalue()


def only_entry(content: bytes, entry: type) -> Any:
    rows = next(RosterFile(content, entry).batches(2))
    assert rows.errors == {}
    return next(iter(rows.entries.values()))


@pytest.mark.parametrize("way", WAYS)
@settings(max_examples=examples(6))
@given(item=STATIONS, headings=st.sampled_from(["en", "zh"]), seed=st.integers())
def test_a_station_comes_back_as_it_was(item: dict[str, Any], way: str, headings: str, seed: int) -> None:
    station = station_of(StationEntry.model_validate(item))
    refs = {station_id_of(item["detachment_ref"]): item["detachment_ref"]} if item["detachment_ref"] else {}
    content = file_of(StationEntry, station_values(station, refs), way, headings, seed)
    assert station_of(only_entry(content, StationEntry), station) == station
    assert station_of(only_entry(content, StationEntry)) == station
    assert station_from(form_of(station)) == station


@pytest.mark.parametrize("way", WAYS)
@settings(max_examples=examples(6))
@given(item=VOLUNTEERS, headings=st.sampled_from(["en", "zh"]), seed=st.integers())
def test_a_volunteer_comes_back_as_they_were(item: dict[str, Any], way: str, headings: str, seed: int) -> None:
    named = {station_id_of(ref): ref for ref in (item["home_station_ref"], *item["membership_refs"])}
    entry = VolunteerEntry.model_validate(item)
    volunteer = of_entry(entry, None, dict.fromkeys(named), "")
    assert not hasattr(volunteer, "problems"), volunteer
    identity = Identity(volunteer_id=volunteer.volunteer_id, name=entry.name, phone=entry.phone)
    content = file_of(VolunteerEntry, volunteer_values(volunteer, named, identity), way, headings, seed)
    found = only_entry(content, VolunteerEntry)
    assert (found.name, found.phone) == (entry.name, entry.phone)
    assert of_entry(found, volunteer, dict.fromkeys(named), "") == volunteer
    again = volunteer_from(form_of(volunteer))
    assert again == volunteer
    assert again is not None
    assert digest_of(again) == digest_of(volunteer)
