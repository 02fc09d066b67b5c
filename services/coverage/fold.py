"""The fold of each kind of contributor: `state, change -> state`, and `state -> contribution`. Pure.

A change is applied when its sequence is greater than the row's; everything else was applied before. Order and
completeness per key are the router's promise (a missing event holds the later ones of its key back, until an operator
releases or discards it), so a jump in the sequence is an event that was discarded, or one that changes nothing here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from services.coverage.model import (
    FOLLOWUP,
    Cells,
    Change,
    Contribution,
    ContributorRow,
    add_cells,
    case_cell,
    cell,
    province_area,
    zone_area,
)

State = dict[str, Any]


class UnknownChange(ValueError):
    """A change of a type that no fold knows."""


def apply(row: ContributorRow | None, change: Change, at: int) -> ContributorRow | None:
    """The contributor's row after the change, or None if the change was applied before."""
    if row is not None and change.sequence <= row.sequence:
        return None
    fold = _FOLDS.get(change.type)
    if fold is None:
        raise UnknownChange(f"no fold for {change.type!r}")
    evolve, contribute = fold
    state = evolve({} if row is None else row.state, change.data)
    contribution = contribute(state)
    if row is not None:
        # An area that is left behind must be told so after a restart too: it stays, empty.
        cells: dict[str, Cells] = {area: {} for area in row.contribution.cells}
        contribution = Contribution(cells=cells | contribution.cells, facts=contribution.facts)
    return ContributorRow(sequence=change.sequence, at=at, state=state, contribution=contribution)


# --- volunteers: capacity of the province they live in


def _volunteer(_: State, data: Mapping[str, Any]) -> State:
    return dict(data)


def _capacity(state: State) -> Contribution:
    if not state["deployable"]:
        return Contribution()
    skills = [(role, language) for role in state["roles"] for language in (None, *state["languages"])]
    return Contribution(
        cells={province_area(state["area_code"]): {cell("available", role, language): 1 for role, language in skills}}
    )


# --- alerts: what is needed and who accepted


def _alert_opened(state: State, data: Mapping[str, Any]) -> State:
    return {"quotas": data["quotas"], "standing": state.get("standing", {})}


def _alert_answered(state: State, data: Mapping[str, Any]) -> State:
    """A counted answer stands. `standing` holds volunteers by `need/zone`, as a set in JSON: id -> 1."""
    place = f"{data['need']}/{data['zone']}"
    standing = state.get("standing", {})
    people = {**standing.get(place, {}), data["volunteer"]: 1}
    return {"quotas": state.get("quotas", []), "standing": {**standing, place: people}}


def _alert_reopened(state: State, data: Mapping[str, Any]) -> State:
    standing = {
        place: {who: 1 for who in people if not (who == data["volunteer"] and place.split("/")[0] == data["need"])}
        for place, people in state.get("standing", {}).items()
    }
    return {"quotas": state.get("quotas", []), "standing": standing}


def _need(state: State) -> Contribution:
    areas: dict[str, Cells] = {}
    accepted: dict[str, set[str]] = {}
    for place, people in state["standing"].items():  # they count where their need now is: zones may have been revised
        accepted.setdefault(place.split("/")[0], set()).update(people)
    for quota in state["quotas"]:
        names = {"needed": quota["count"], "accepted": len(accepted.get(quota["need"], ()))}
        counts = {cell(m, quota["role"], quota["language"]): n for m, n in names.items()}  # type: ignore[arg-type]
        add_cells(areas.setdefault(zone_area(quota["zone"]), {}), counts)
    return Contribution(cells=areas)


# --- missions: who is on the way and on scene


def _mission_team(state: State, data: Mapping[str, Any]) -> State:
    return {**state, "zone": data["zone"], "members": data["members"], "phase": data["phase"]}


def _mission_declined(state: State, data: Mapping[str, Any]) -> State:
    members = [member for member in state.get("members", []) if member["volunteer"] != data["volunteer"]]
    return {**state, "members": members}


def _mission_phase(state: State, data: Mapping[str, Any]) -> State:
    return {**state, "phase": data["phase"]}


def _presence(state: State) -> Contribution:
    if "zone" not in state:
        return Contribution()
    cells: Cells = {}
    for member in state["members"]:
        skill = member["role"], member["language"]
        if state["phase"] in ("dispatched", "arrived"):
            add_cells(cells, {cell("assigned", *skill): 1})
        if state["phase"] == "arrived":
            add_cells(cells, {cell("on_scene", *skill): 1})
    return Contribution(cells={zone_area(state["zone"]): cells})


# --- cases, follow-up plans, zones


def _case_triaged(state: State, data: Mapping[str, Any]) -> State:
    return {**state, "zone": data["zone"], "level": data["level"]}


def _case_closed(state: State, _: Mapping[str, Any]) -> State:
    return {**state, "closed": True}


def _cases(state: State) -> Contribution:
    if "zone" not in state:
        return Contribution()
    return Contribution(cells={zone_area(state["zone"]): {} if state.get("closed") else {case_cell(state["level"]): 1}})


def _plan(_: State, data: Mapping[str, Any]) -> State:
    return {"zone": data["zone"], "open": data["open"]}


def _plans(state: State) -> Contribution:
    return Contribution(cells={zone_area(state["zone"]): {FOLLOWUP: 1} if state["open"] else {}})


def _zones_fenced(state: State, data: Mapping[str, Any]) -> State:
    """A later fencing replaces the earlier: zones it does not name no longer stand."""
    earlier = {zone: {**facts, "lifted": True} for zone, facts in state.get("zones", {}).items()}
    return {"zones": earlier | data["zones"]}


def _zones_lifted(state: State, data: Mapping[str, Any]) -> State:
    lifted = set(data["zones"])
    zones = state.get("zones", {})
    return {"zones": {zone: {**facts, "lifted": facts["lifted"] or zone in lifted} for zone, facts in zones.items()}}


def _zones(state: State) -> Contribution:
    areas = {zone_area(zone): facts for zone, facts in state["zones"].items()}
    return Contribution(cells={area: {} for area in areas}, facts=areas)


Evolve = Callable[[State, Mapping[str, Any]], State]
Contribute = Callable[[State], Contribution]
_FOLDS: Final[Mapping[str, tuple[Evolve, Contribute]]] = {
    "volunteer": (_volunteer, _capacity),
    "alert-opened": (_alert_opened, _need),
    "alert-accepted": (_alert_answered, _need),
    "alert-reopened": (_alert_reopened, _need),
    "mission-team": (_mission_team, _presence),
    "mission-declined": (_mission_declined, _presence),
    "mission-phase": (_mission_phase, _presence),
    "case-triaged": (_case_triaged, _cases),
    "case-closed": (_case_closed, _cases),
    "plan": (_plan, _plans),
    "zones-fenced": (_zones_fenced, _zones),
    "zones-lifted": (_zones_lifted, _zones),
}
