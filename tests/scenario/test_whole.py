"""The scenario at its full size, as an operator runs it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from services.cli.instance.layout import PROJECT
from tests.scenario.stage import SCENARIO, Stage

pytestmark = [pytest.mark.scenario, pytest.mark.timeout(420)]


def run_command(stage: Stage, file: Path, *options: str) -> tuple[int, str, dict[str, Any]]:
    command = [sys.executable, "-m", "services.cli", "scenario", "run", SCENARIO, "--home", str(stage.layout.home)]
    done = subprocess.run(
        [*command, "--json", str(file), *options], cwd=PROJECT, capture_output=True, text=True, timeout=300, check=False
    )
    document = json.loads(file.read_text("utf-8")) if file.exists() else {}
    return done.returncode, done.stdout + done.stderr, document


def test_from_the_declaration_to_the_twenty_year_follow_up(stage: Stage, tmp_path: Path) -> None:
    code, told, document = run_command(stage, tmp_path / "first.json")
    assert code == 0, told
    counts = document["counts"]
    assert (counts["stations"], counts["detachments"], counts["volunteers"]) == (456, 21, 2280)
    assert counts["zones"] == 3
    assert counts["places"] == counts["places_taken"] == counts["members_dispatched"] == 110
    assert counts["missions"] == counts["missions_arrived"] == 18
    assert counts["cases"] > 100
    assert counts["last_followup_on"] == "2028-05-12"
    assert all(invariant["held"] for invariant in document["invariants"])
    assert len(document["invariants"]) >= 20
    hops = document["hops_s"]
    assert {"declared->fenced", "fenced->first page", "answered->dispatched", "dispatched->coverage seen"} <= set(hops)
    assert all({"p50", "p95", "max"} <= set(values) for values in hops.values())
    assert document["took_s"] < 180


def test_running_it_again_makes_a_new_incident_and_disturbs_nothing(stage: Stage, tmp_path: Path) -> None:
    small = ("--scale", "0.1", "--factor", "2880")
    code, told, first = run_command(stage, tmp_path / "first.json", *small, "--lang", "zh")
    assert code == 0, told
    code, told, second = run_command(stage, tmp_path / "second.json", *small)
    assert code == 0, told
    assert first["incident_id"] != second["incident_id"]
    assert "2757 unchanged" in told
    assert first["counts"]["places"] == second["counts"]["places"]


def test_an_unknown_scenario_is_one_plain_sentence(stage: Stage, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "services.cli", "scenario", "run", "nowhere", "--home", str(stage.layout.home)]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith("error: There is no scenario named 'nowhere'")
    assert len(done.stderr.strip().splitlines()) == 1
