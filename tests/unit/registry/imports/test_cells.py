"""Cells: what is understood, what is refused, and that no refusal repeats somebody's name or number."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.registry.imports.columns import CellKind, columns_of
from services.registry.imports.convert import FORMULA_STARTS, NOT_GIVEN, guarded, reader_of, unguarded
from services.registry.imports.findings import TEXTS, CellRefused
from services.registry.stations.model import StationEntry
from services.registry.volunteers.model import VolunteerEntry
from tests.unit.registry.imports.files import STATION, VOLUNTEER, read, text


def cell(entry: type, heading: str, value: Any) -> Any:
    column = columns_of(entry).find(heading)
    assert column is not None
    return reader_of(column)(value)


THIRD = date(2027, 1, 3)


@pytest.mark.parametrize(
    ("heading", "value", "meant"),
    [
        ("roles", "心理急救；pfa_trained、 Team Lead;\n后勤", ["pfa-trained", "team-lead", "logistics"]),
        ("languages", "普通话；cmn", ["cmn"]), ("languages", "ＫＨＧ", ["khg"]),
        ("phone", "１３８ ００１３ ８０００", "138 0013 8000"), ("phone", 13800138000.0, "13800138000"),
        ("phone", "'+86 138", "+86 138"), ("name", " 欧阳　娜娜 ", "欧阳　娜娜"), ("name", "  ", NOT_GIVEN),
        ("name", None, NOT_GIVEN), ("is_adult", "√", True), ("is_adult", False, False), ("is_adult", "ｎｏ", False),
        ("is_adult", 1.0, True),
    ],
)  # fmt: skip
def test_a_cell_of_a_volunteer(heading: str, value: Any, meant: Any) -> None:
    assert cell(VolunteerEntry, heading, value) == meant


@pytest.mark.parametrize(
    "value",
    [
        "2027年1月3日", "２０２７/1/3", "20270103", "2027.01.03", "2027-01-03 00:00:00", 46390.0, THIRD,
        datetime(2027, 1, 3),  # noqa: DTZ001 - as workbooks have it
    ],
)  # fmt: skip
def test_a_date_in_all_its_forms(value: Any) -> None:
    assert cell(VolunteerEntry, "credential_1_expires_on", value) == THIRD


@pytest.mark.parametrize(
    ("heading", "value", "code"),
    [
        ("kind", "emergency-stat1on", "not-a-word-near"), ("kind", "王小明", "not-a-word"),
        ("lat_deg", "abc", "not-a-number"), ("lat_deg", "1_0", "not-a-number"), ("lat_deg", "nan", "not-a-number"),
        ("room_count", "1.5", "not-whole"), ("verified_on", "03/01/2027", "not-a-date"),
        ("verified_on", "2027-02-30", "not-a-date"), ("verified_on", "46390", "not-a-date"),
        ("is_open", "vielleicht", "not-yes-or-no"), ("languages", "xx", "not-a-language"),
        ("name_zh", "#N/A", "formula-error"), ("name_zh", "a\x01", "control"), ("name_zh", "x" * 4_001, "too-long"),
        ("area_code", 5.1e20, "number-too-precise"), ("services", ";".join(["hotline"] * 101), "too-many"),
        ("opening_hours", "mon", "not-json"),
    ],
)  # fmt: skip
def test_a_cell_of_a_station_that_is_wrong(heading: str, value: Any, code: str) -> None:
    with pytest.raises(CellRefused) as refused:
        cell(StationEntry, heading, value)
    assert refused.value.code == code
    assert all(text.format_map(refused.value.args_of_text) for text in TEXTS[code])


SECRETS = ["张三丰", "13800138000", "+86 138 0013 8000", "Zhang Sanfeng", "510181199001011234"]


@pytest.mark.parametrize("entry", [StationEntry, VolunteerEntry])
@pytest.mark.parametrize("secret", SECRETS)
def test_whatever_column_a_name_or_number_slips_into_no_error_repeats_it(entry: type, secret: str) -> None:
    row = STATION if entry is StationEntry else VOLUNTEER
    for column in columns_of(entry).all({"credentials": 1}):
        _, errors = read(text([{**row, column.field: secret}]).encode(), entry)
        said = "".join(f"{error.what} {error.what_zh} {error.value}" for error in errors)
        assert secret not in said
        assert secret[:3] not in said or not errors


@given(st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), max_size=20).map(str.strip))
def test_text_comes_back_through_the_guard_and_never_runs(value: str) -> None:
    assert unguarded(guarded(value)) == value
    assert guarded(value)[:1] not in FORMULA_STARTS


def test_every_kind_of_cell_is_known() -> None:
    shapes = {
        column.shape.kind
        for entry in (StationEntry, VolunteerEntry)
        for column in columns_of(entry).all({"credentials": 1})
    }
    assert shapes == set(CellKind)


def test_numbered_things_may_have_gaps_and_errors_keep_their_number() -> None:
    row = {**VOLUNTEER, "credential_1_kind": "", "credential_3_kind": "pfa", "credential_3_issuer": "CAST",
           "credential_3_number": "", "credential_3_roles": "support"}  # fmt: skip
    entries, errors = read(text([{**row, "credential_3_number": "7"}]).encode(), VolunteerEntry)
    assert [credential.number for credential in entries[2].credentials] == ["7"]
    _, errors = read(text([row]).encode(), VolunteerEntry)
    assert [(error.field, error.code) for error in errors] == [("credential_3_number", "missing")]


def test_ranges_say_their_limit_and_the_number() -> None:
    _, errors = read(text([{**STATION, "lat_deg": "120"}]).encode())
    assert [(e.column, e.code, e.what, e.value) for e in errors] == [
        ("lat_deg", "at-most", "must be at most 90", "120")
    ]


def test_a_value_beside_the_headings_is_told() -> None:
    content = text([STATION]).replace("103.6", "103.6,,x")
    _, errors = read(content.encode())
    assert [(error.row, error.code, dict(error.args)) for error in errors] == [(2, "beyond-headings", {"column": "J"})]
