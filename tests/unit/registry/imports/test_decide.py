"""What an import replaces, which stations an entry names, and what undoing makes of a station."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from uuid import UUID

import pytest

from schemas.vocabulary import JurisdictionLevel
from services.registry.imports.decide import digest_of, refs_needed, replaces, undo_station
from services.registry.stations.decide import station_id_of
from services.registry.stations.facts import went_stale
from services.registry.volunteers.model import Identity
from tests.unit.registry.stations.builders import station
from tests.unit.registry.volunteers.builders import credential, volunteer

LEVEL = JurisdictionLevel.PROVINCE
FORMER = ("模拟队员", "+999 100 0001")


def identity(name: str | None, phone: str | None) -> Identity:
    return Identity(volunteer_id=UUID(int=1), name=name, phone=phone)


def test_an_entry_names_what_a_station_is_below_and_where_a_volunteer_belongs() -> None:
    assert refs_needed(station()) == []
    below = station(detachment_ref="D-1", parent_ref="P-1")
    assert refs_needed(below) == [station_id_of("D-1"), station_id_of("P-1")]
    member = volunteer(memberships=(station_id_of("S-001"), station_id_of("S-002")))
    assert set(refs_needed(member)) == {station_id_of("S-001"), station_id_of("S-002")}


@pytest.mark.parametrize(
    ("given", "former", "new"),
    [
        pytest.param((None, None), None, False, id="nothing for somebody new"),
        pytest.param((None, None), FORMER, False, id="nothing"),
        pytest.param(FORMER, FORMER, False, id="the same"),
        pytest.param((None, FORMER[1]), FORMER, False, id="the same number, and no name"),
        pytest.param((None, "+999 100 0002"), FORMER, True, id="another number, and no name"),
        pytest.param((FORMER[0], None), None, True, id="a name for somebody new"),
    ],
)  # fmt: skip
def test_only_what_is_given_and_different_replaces(
    given: tuple[str | None, str | None], former: tuple[str, str] | None, new: bool
) -> None:
    assert replaces(identity(*given), None if former is None else identity(*former)) is new


def test_a_station_that_was_created_is_told_as_closed_before_it_goes() -> None:
    restored, facts, record = undo_station(station(), None, LEVEL)
    assert not restored.is_open
    assert [fact.event.event_type for fact in facts] == ["station.closed", "station.state"]
    assert record is not None
    assert record.after == {"is_open": False}
    assert undo_station(station(is_open=False), None, LEVEL)[2] is None, "nothing that it was not"


def test_a_station_is_as_it_was_but_stale_by_the_verification_it_then_has() -> None:
    before = station(verified_on=date(2025, 1, 1))
    stale, _ = went_stale(before)
    assert undo_station(replace(stale, room_count=3), before, LEVEL)[0] == stale
    verified = station(verified_on=date(2026, 5, 1))
    assert undo_station(verified, stale, LEVEL)[0] == stale


def test_what_time_alone_has_changed_is_no_change_that_anybody_made() -> None:
    assert digest_of(station(is_open=True)) != digest_of(station(is_open=False))
    stale, _ = went_stale(station(verified_on=date(2025, 1, 1)))
    assert digest_of(stale) == digest_of(station(verified_on=date(2025, 1, 1)))
    told = volunteer(credentials=(credential(expiry_told=True, notice_told=30),))
    assert digest_of(told) == digest_of(volunteer())
    assert digest_of(volunteer(available=False)) != digest_of(volunteer())
