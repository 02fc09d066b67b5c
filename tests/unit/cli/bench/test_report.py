"""The form in which every benchmark reports."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from services.cli.bench.report import Report, percentile


def test_the_written_form(tmp_path: Path) -> None:
    report = Report("x", left_out=["peers"])
    report.add("rate", 12.5, "1/s")
    report.aim("rate", 12.5, "at least", 10, "1/s")
    report.aim("delay", 3.0, "at most", 2, "ms")
    report.write(tmp_path / "x.json")
    document = json.loads((tmp_path / "x.json").read_text())
    assert set(document) == {"name", "machine", "results", "goals", "left_out"}
    assert document["results"] == [{"what": "rate", "value": 12.5, "unit": "1/s"}]
    assert [(goal["value"], goal["goal"], goal["met"]) for goal in document["goals"]] == [
        (12.5, 10, True), (3.0, 2, False),
    ]  # fmt: skip
    assert not report.met


@pytest.mark.parametrize(("percent", "value"), [(0, 1), (50, 50), (99, 99), (100, 100)])
def test_percentiles_are_nearest_rank(percent: float, value: float) -> None:
    assert percentile(list(range(100, 0, -1)), percent) == value


def test_no_values_have_no_percentile() -> None:
    with pytest.raises(ValueError, match="no values"):
        percentile([], 50)
