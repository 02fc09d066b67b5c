"""What a run tells: hops, counts, JSON, and the lines in both languages."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import pytest
from rich.console import Console

from services.cli.scenario.check.every import check_all
from services.cli.scenario.check.model import Invariant
from services.cli.scenario.hops import hops_of, quantile, summarise
from services.cli.scenario.network import Network, build_network
from services.cli.scenario.report import Result, document_of, print_result, write_json
from services.cli.scenario.telling import Language, Teller, timeline
from tests.unit.cli.scenario_run.small_log import BEGAN_AT, HELPER, INCIDENT, LEAD, SPARE, evidence_of, whole_log


@cache
def network() -> Network:
    return build_network()


def result_of(*invariants: Invariant) -> Result:
    evidence = evidence_of(whole_log())
    return Result(
        scenario="small", factor=60, seed=1, began_at=BEGAN_AT, took_s=20.0, network=network(),
        home_stations={LEAD: "a", HELPER: "a", SPARE: "b"}, evidence=evidence,
        invariants=invariants or check_all(evidence), steps_s={"drill": 20.0},
    )  # fmt: skip


def test_hops_are_measured_between_the_log_and_the_gateway() -> None:
    evidence = evidence_of(whole_log())
    hops = hops_of(evidence.story, evidence.pages, evidence.answers, factor=60)
    assert hops["declared->fenced"] == [1.0]
    assert hops["fenced->first page"] == [3.0]
    assert hops["declared->first page"] == [4.0]
    assert hops["first page->last page"] == [0.0]
    assert hops["page->answered"] == [1.0, 2.0]
    assert hops["answer due->answered"] == [0.0, 1.0]  # 60 s of the drill's clock are one real second
    assert hops["answered->dispatched"] == [2.0]
    assert hops["dispatched->coverage seen"] == [8.0]


def test_the_summary_has_median_p95_and_greatest() -> None:
    assert summarise({"a": [1.0, 2.0, 3.0], "b": []}) == {"a": {"p50": 2.0, "p95": 2.9, "max": 3.0, "n": 3}}
    assert quantile([5.0], 0.95) == 5.0


def test_the_json_has_the_agreed_form(tmp_path: Path) -> None:
    file = tmp_path / "result.json"
    write_json(document_of(result_of()), file)
    document = json.loads(file.read_text("utf-8"))
    assert document["incident_id"] == INCIDENT
    assert {
        "stations": 456, "volunteers": 2280, "zones": 1, "stations_notified": 2, "volunteers_paged": 3,
        "answers": {"accept": 2, "decline": 0, "later": 0, "none": 1}, "missions": 1, "members_dispatched": 2,
        "cases": 1, "followups_planned": 4, "last_followup_on": "2028-05-12",
    }.items() <= document["counts"].items()  # fmt: skip
    assert all({"p50", "p95", "max"} <= hop.keys() for hop in document["hops_s"].values())
    assert all({"what", "held"} <= invariant.keys() for invariant in document["invariants"])
    assert document["succeeded"] is True


def test_one_broken_invariant_is_no_success() -> None:
    assert not result_of(
        Invariant(what="a", held=True, detail=""), Invariant(what="b", held=False, detail="x")
    ).succeeded


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", ["declared", "fenced", "paged", "planned", "teams on scene"]),
        ("zh", ["宣布", "划区", "通知", "随访", "到达"]),
    ],
)
def test_the_timeline_is_told_in_both_languages(language: Language, words: list[str]) -> None:
    console = Console(record=True, width=200, file=Path("/dev/null").open("w"))  # noqa: SIM115
    print_result(result_of(), Teller(language), console)
    told = console.export_text()
    console.file.close()
    assert all(word in told for word in words)
    assert "05-12 14:31" in told  # the incident's own time, as people there wrote it


def test_the_timeline_has_a_line_for_each_step_in_order() -> None:
    result = result_of()
    lines = timeline(Teller("en"), result.evidence.story, document_of(result)["counts"])
    assert [line.word for line in lines] == [
        "declared", "fenced", "paged", "answered", "dispatched", "arrived", "cases", "planned", "coverage",
    ]  # fmt: skip
    assert all(line.at >= datetime(2026, 1, 1, tzinfo=UTC) for line in lines)
