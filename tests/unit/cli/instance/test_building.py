"""A console that cannot be built is said, and stops nothing."""

from __future__ import annotations

import io
import threading
from collections.abc import Callable

import pytest
from rich.console import Console

from services.cli.console.build import NotBuilt
from services.cli.instance import building
from services.cli.instance.building import Building
from services.cli.instance.progress import Progress


def told(build: Callable[[Callable[[str], None]], None], monkeypatch: pytest.MonkeyPatch, *, current: bool) -> str:
    monkeypatch.setattr(building, "is_current", lambda: current)
    monkeypatch.setattr(building, "ensure_built", build)
    output = io.StringIO()
    with Progress(Console(file=output, width=200)) as progress:
        Building(progress).wait()
    return output.getvalue()


def test_a_failure_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: Callable[[str], None]) -> None:
        raise NotBuilt("the registry is away; everything else runs")

    said = told(fail, monkeypatch, current=False)
    assert said.count("the registry is away; everything else runs") == 1
    assert "console: failed" in said


def test_it_is_built_beside_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    threads = []
    said = told(lambda tell: threads.append(threading.current_thread()), monkeypatch, current=False)
    assert threads != [threading.current_thread()]
    assert "console: ready" in said


def test_what_is_built_costs_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    assert told(lambda tell: pytest.fail("was built again"), monkeypatch, current=True) == ""
