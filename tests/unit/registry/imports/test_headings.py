"""Headings: any order, many names, nothing guessed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.registry.imports.columns import columns_of
from services.registry.imports.findings import FileRefused
from services.registry.imports.headings import read_headings
from services.registry.stations.model import StationEntry
from services.registry.volunteers.model import VolunteerEntry

VOLUNTEERS = columns_of(VolunteerEntry)
NEEDED = ["编号", "所属站点编号", "角色", "语言", "是否成年"]


@pytest.mark.parametrize(
    ("heading", "field"),
    [
        ("REF", "ref"), (" Home Station Ref ", "home_station_ref"),
        ("手机号（必填）", "phone"), ("Phone-Number", "phone"),
        ("credential_2_expires_on", "credential_2_expires_on"), ("证书3编号", "credential_3_number"),
        ("证书编号", "credential_1_number"), ("证书编号２", "credential_2_number"),
        ("资格证1有效期至*", "credential_1_expires_on"),
        ("credential 30 kind", "credential_30_kind"),
    ],
)  # fmt: skip
def test_a_heading_means_a_column(heading: str, field: str) -> None:
    found = VOLUNTEERS.find(heading)
    assert found is not None
    assert found.field == field


@pytest.mark.parametrize("heading", ["credential_31_kind", "credential_0_kind", "phon", "credential_kin"])
def test_what_is_not_meant_is_not_guessed(heading: str) -> None:
    assert VOLUNTEERS.find(heading) is None


@pytest.mark.parametrize("entry", [StationEntry, VolunteerEntry])
def test_every_name_of_a_column_means_that_column_in_both_languages(entry: type) -> None:
    columns = columns_of(entry)
    for column in columns.all({"credentials": 2}):
        assert columns.find(column.field) == columns.find(column.title_zh)
        found = columns.find(column.field)
        assert found is not None
        assert found.place == column.place
        assert found.shape == column.shape


@given(st.permutations([*NEEDED, "姓名", "证书1种类"]))
def test_columns_may_stand_in_any_order(headings: list[str]) -> None:
    layout = read_headings(headings, 1, VOLUNTEERS)
    assert {one.heading: one.index for one in layout.bound} == {heading: n for n, heading in enumerate(headings)}
    assert layout.absent >= {"membership_refs", "phone", "available", "is_retired"}
    assert not layout.absent & {"name", "roles", "credentials"}


def test_everything_that_is_wrong_is_told_at_once() -> None:
    with pytest.raises(FileRefused) as refused:
        read_headings(["编号", "Phon", "所属站", "所属站点", "zzz", "角色", "语言"], 3, VOLUNTEERS)
    assert [(e.row, e.column, e.code, dict(e.args)) for e in refused.value.errors] == [
        (3, "Phon", "unknown-column-near", {"near": "phone"}),
        (3, "所属站点", "column-twice", {"first": "C", "second": "D", "field": "home_station_ref"}),
        (3, "zzz", "unknown-column", {}),
        (3, "is_adult", "column-missing", {}),
    ]
