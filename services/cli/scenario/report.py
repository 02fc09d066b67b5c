"""The result of a run: the timeline, the hops and the invariants for a person, and the same as JSON."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from services.cli.scenario.check.model import Evidence, Invariant
from services.cli.scenario.hops import hops_of, summarise
from services.cli.scenario.live import line_text
from services.cli.scenario.network_model import Network
from services.cli.scenario.story import Story
from services.cli.scenario.telling import Teller, timeline


@dataclass(frozen=True, kw_only=True)
class Result:
    """What a run came to."""

    scenario: str
    factor: float
    seed: int
    began_at: datetime
    took_s: float
    network: Network
    home_stations: Mapping[str, str]
    """Home station's reference by volunteer id."""
    evidence: Evidence
    invariants: Sequence[Invariant]
    steps_s: Mapping[str, float]

    @property
    def succeeded(self) -> bool:
        """Every invariant held, which includes that every quota was filled."""
        return all(invariant.held for invariant in self.invariants)


def counts_of(result: Result) -> dict[str, Any]:
    """What the run counted. `answers` counts people asked: `none` did not answer."""
    story, network = result.evidence.story, result.network
    asked = {ask.volunteer_id for ask in story.asks.values()}
    said = Counter(record.data["answer"] for record in story.answers)
    silent = len(story.asks.keys() - {record.data["page_id"] for record in story.answers})
    tasks = [task for plan in story.plans.values() for task in plan.tasks]
    sent = [mission for mission in story.missions.values() if mission.dispatched is not None]
    return {
        "stations": len(network.stations),
        "detachments": len(network.detachments),
        "volunteers": len(network.volunteers),
        "zones": len(story.zones),
        "stations_in_reach": story.stations_in_reach,
        "stations_notified": len({result.home_stations[volunteer_id] for volunteer_id in asked}),
        "waves": len(story.waves),
        "volunteers_paged": len(asked),
        "pages": dict(Counter(page["purpose"] for page in story.sent.values())),
        "answers": {"accept": said["accept"], "decline": said["decline"], "later": said["later"], "none": silent},
        "places": story.places,
        "places_taken": story.places_taken,
        "missions": len(story.missions),
        "missions_arrived": sum(mission.arrived is not None for mission in sent),
        "members_dispatched": sum(len(mission.members) for mission in sent),
        "cases": len(story.cases),
        "cases_by_level": dict(Counter(case.level or "?" for case in story.cases.values())),
        "plans": len(story.plans),
        "followups_planned": len(tasks),
        "last_followup_on": max((task["due_on"] for task in tasks), default=None),
        "voids_opened": story.voids_seen,
        "voids_open": len(story.voids_open),
    }


def document_of(result: Result) -> dict[str, Any]:
    """The result as JSON."""
    evidence = result.evidence
    return {
        "incident_id": evidence.incident_id,
        "scenario": result.scenario,
        "simulated": "members, phones, journeys and people met are simulated; pages go to the recording gateway only",
        "drill_factor": result.factor,
        "seed": result.seed,
        "took_s": round(result.took_s, 1),
        "steps_s": {step: round(seconds, 1) for step, seconds in result.steps_s.items()},
        "counts": counts_of(result),
        "ids": _ids(evidence.story),
        "hops_s": summarise(hops_of(evidence.story, evidence.pages, evidence.answers, result.factor)),
        "invariants": [invariant.document() for invariant in result.invariants],
        "succeeded": result.succeeded,
    }


def _ids(story: Story) -> dict[str, Any]:
    return {
        "alert": story.alert_id,
        "zones": {kind: zone_id for zone_id, kind in story.zones.items()},
        "missions": sorted(story.missions),
    }


def write_json(document: Mapping[str, Any], file: Path) -> None:
    """Write the result."""
    file.write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def print_result(result: Result, teller: Teller, console: Console) -> None:
    """The timeline, the hops and the invariants."""
    document = document_of(result)
    console.print()
    for line in timeline(teller, result.evidence.story, document["counts"]):
        text = line_text(teller, result.evidence.story, line, result.began_at)
        console.print(text, highlight=False, soft_wrap=True)
    console.print()
    console.print(_hop_table(document["hops_s"], teller))
    console.print()
    for invariant in result.invariants:
        mark = "[green]✓[/]" if invariant.held else "[red]✗[/]"
        console.print(f"{mark} {invariant.what}", highlight=False, soft_wrap=True)
        if not invariant.held:
            console.print(f"    {invariant.detail}", highlight=False, soft_wrap=True, markup=False)
    held = sum(invariant.held for invariant in result.invariants)
    console.print(
        teller.say(
            f"\n{held} of {len(result.invariants)} invariants held; {result.took_s:.0f} s in all",
            f"\n{len(result.invariants)}项不变量中{held}项成立；共{result.took_s:.0f}秒",
        ),
        highlight=False,
    )


def _hop_table(hops: Mapping[str, Mapping[str, Any]], teller: Teller) -> Table:
    table = Table(box=None, pad_edge=False)
    table.add_column(teller.say("hop (real seconds)", "环节（实际秒）"))
    for heading in ("p50", "p95", "max", "n"):
        table.add_column(heading, justify="right")
    for hop, values in hops.items():
        table.add_row(hop, *(f"{values[name]:.3f}" for name in ("p50", "p95", "max")), str(values["n"]))
    return table
