"""What every benchmark prints and writes: results, goals with whether they were met, and what was left out."""

from __future__ import annotations

import math
import os
import platform
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

import orjson

Comparison = Literal["at least", "at most"]


@dataclass(frozen=True, slots=True)
class Result:
    """One measured figure."""

    what: str
    value: float
    unit: str


@dataclass(frozen=True, slots=True)
class Goal:
    """A figure with what it should be."""

    what: str
    value: float
    comparison: Comparison
    goal: float
    unit: str = ""

    @property
    def met(self) -> bool:
        """Whether the figure is on the right side of the goal."""
        return self.value >= self.goal if self.comparison == "at least" else self.value <= self.goal


@dataclass(slots=True)
class Report:
    """A benchmark's outcome."""

    name: str
    results: list[Result] = field(default_factory=list)
    goals: list[Goal] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)

    def add(self, what: str, value: float, unit: str) -> float:
        """Note a figure, and hand it back."""
        self.results.append(Result(what, value, unit))
        return value

    def aim(self, what: str, value: float, comparison: Comparison, goal: float, unit: str = "") -> None:
        """Note a goal."""
        self.goals.append(Goal(what, value, comparison, goal, unit))

    @property
    def met(self) -> bool:
        """Whether every goal is met."""
        return all(goal.met for goal in self.goals)

    def document(self) -> dict[str, Any]:
        """The JSON form."""
        return {
            "name": self.name,
            "machine": machine(),
            "results": [asdict(result) for result in self.results],
            "goals": [
                {
                    "what": f"{goal.what}: {goal.comparison} {goal.goal:g} {goal.unit}".rstrip(),
                    "value": goal.value,
                    "goal": goal.goal,
                    "met": goal.met,
                }
                for goal in self.goals
            ],
            "left_out": list(self.left_out),
        }

    def write(self, path: Path) -> None:
        """Write the JSON form."""
        path.write_bytes(orjson.dumps(self.document(), option=orjson.OPT_INDENT_2) + b"\n")

    def show(self) -> None:
        """Print it as tables."""
        from rich.console import Console
        from rich.table import Table

        console = Console()
        figures = Table("what", "value", "unit", title=f"{self.name}: results")
        for result in self.results:
            figures.add_row(result.what, readable(result.value), result.unit)
        goals = Table("goal", "value", "wanted", "met", title=f"{self.name}: goals")
        for goal in self.goals:
            wanted = f"{goal.comparison} {goal.goal:g} {goal.unit}".rstrip()
            goals.add_row(goal.what, readable(goal.value), wanted, "yes" if goal.met else "NO")
        console.print(figures, *([goals] if self.goals else []))
        for words in self.left_out:
            console.print(f"left out: {words}", style="dim", highlight=False)


def readable(value: float) -> str:
    """A figure with three or four digits that matter."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def percentile(values: Sequence[float], percent: float) -> float:
    """Nearest-rank percentile. Raises ValueError for no values."""
    if not values:
        raise ValueError("no values were measured")
    ordered = sorted(values)
    return ordered[max(math.ceil(percent / 100 * len(ordered)) - 1, 0)]


def machine() -> str:
    """The machine in a few words."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return f"{platform.system()} {platform.machine()}, {cores} cores, Python {platform.python_version()}"
