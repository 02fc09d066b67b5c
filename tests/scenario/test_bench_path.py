"""`bench path` runs to its end on an instance of its own; how good its figures are is not asked here."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from services.cli.instance.layout import PROJECT

pytestmark = [pytest.mark.scenario, pytest.mark.timeout(420)]


def test_a_quick_run_reports_every_hop_and_loses_nothing(tmp_path: Path) -> None:
    file = tmp_path / "path.json"
    done = subprocess.run(
        [sys.executable, "-m", "services.cli", "bench", "path", "--quick", "--fresh", "--json", str(file)],
        cwd=PROJECT, capture_output=True, text=True, timeout=400, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    document = json.loads(file.read_text("utf-8"))
    assert document["name"] == "path"
    told = {result["what"]: result["value"] for result in document["results"]}
    for load in ("steady", "burst"):
        for hop in ("declared -> fenced", "fenced -> wave decided", "wave decided -> first page"):
            assert 0 < told[f"{load}: {hop}, p50"] <= told[f"{load}: {hop}, p99"]
    assert told["floor (2 Kafka hops, 4 commits), p50"] > 0
    goals = {goal["what"]: goal for goal in document["goals"]}
    lossless = [what for what in goals if "doubled" in what or "without a first page" in what]
    assert len(lossless) == 4
    assert all(goals[what]["met"] for what in lossless)
