"""Reading a record by hand: what CloudEvents asks for, and nothing taken on trust."""

from __future__ import annotations

from dataclasses import replace

import pytest

from services.cli.scenario.records import UnreadableRecord, read_record
from tests.unit.cli.scenario_run.small_log import INCIDENT, whole_log


def test_a_record_is_read_with_all_its_attributes() -> None:
    raw = next(raw for raw in whole_log().records if raw.topic == "incident-events")
    record = read_record(raw)
    assert (record.type, record.key, record.sequence, record.exercise) == ("incident.declared", INCIDENT, 1, True)
    assert record.jurisdiction == ("510000",)
    assert record.incident_id == INCIDENT


@pytest.mark.parametrize("missing", ["ce_id", "ce_type", "ce_sequence", "ce_recordedat", "ce_exercise", "ce_subject"])
def test_a_missing_attribute_is_said(missing: str) -> None:
    raw = whole_log().records[0]
    cut = replace(raw, headers=[header for header in raw.headers if header[0] != missing])
    with pytest.raises(UnreadableRecord, match=missing):
        read_record(cut)


def test_a_key_that_is_not_the_subject_is_refused() -> None:
    with pytest.raises(UnreadableRecord, match="fit together"):
        read_record(replace(whole_log().records[0], key=b"another"))


@pytest.mark.parametrize("value", [b"not json", b"[]"])
def test_data_that_is_no_object_is_refused(value: bytes) -> None:
    with pytest.raises(UnreadableRecord):
        _ = read_record(replace(whole_log().records[0], value=value)).data
