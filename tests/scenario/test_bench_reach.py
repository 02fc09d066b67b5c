"""`bench reach` runs to its end on a running instance; how good its figures are is not asked here."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from services.cli.instance.layout import PROJECT
from tests.scenario.stage import Stage

pytestmark = [pytest.mark.scenario, pytest.mark.timeout(200)]
WAYS = ("position inside", "position far away", "enrolment", "said to be on duty", "said to be away", "duty begins",
        "duty ends")  # fmt: skip


def test_a_quick_run_times_every_way_into_reach_and_tells_the_difference_only(stage: Stage, tmp_path: Path) -> None:
    file = tmp_path / "reach.json"
    home = str(stage.layout.home)
    done = subprocess.run(
        [sys.executable, "-m", "services.cli", "bench", "reach", "--quick", "--home", home, "--json", str(file)],
        cwd=PROJECT, capture_output=True, text=True, timeout=180, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    document = json.loads(file.read_text("utf-8"))
    told = {result["what"]: result["value"] for result in document["results"]}
    for way in WAYS:
        assert 0 < told[f"{way} -> told, p50"] <= told[f"{way} -> told, p99"]
    moved, unmoved = (f"revision that moves {count} of 30 in reach: people told" for count in (10, 0))
    assert (told[moved], told[unmoved]) == (10, 0)
    assert told["floor of enrolment and duty (2 Kafka hops, 3 commits), p50"] > 0
