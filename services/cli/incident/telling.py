"""What came of a command, for a person."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

_STANDING: Final = ("level", "kind", "state", "phase")
_SHOWN: Final = (
    "incident_id", "state", "kind", "level", "phase", "exercise", "title_zh", "title_en", "occurred_at", "declared_at",
    "area_codes", "place_stated", "magnitude", "radius_m", "area_revision", "parent_id", "children", "merged_into",
    "continued_as", "closed_at", "narrative",
)  # fmt: skip


def print_json(document: Any) -> None:
    """The document as it was answered."""
    typer.echo(json.dumps(document, ensure_ascii=False, indent=2))


def show_list(items: Sequence[Mapping[str, Any]]) -> None:
    """A line per incident; its id is never cut, because the other commands need it."""
    table = Table("编号 Id", "状态 State", "名称 Title", "宣布 Declared")
    table.columns[0].min_width = 36
    table.columns[1].overflow = table.columns[2].overflow = table.columns[3].overflow = "fold"
    for item in items:
        state = " ".join(item[name] for name in _STANDING)
        title = ("【演练 drill】" if item["exercise"] else "") + (item["title_zh"] or item["title_en"])
        table.add_row(item["incident_id"], state, escape(title), item["declared_at"][:16])
    Console().print(table)


def show_one(document: Mapping[str, Any]) -> None:
    """An incident with its changes and what it may be the same as."""
    console = Console()
    for name in _SHOWN:
        value = document.get(name)
        if value not in (None, [], False):
            words = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
            console.print(f"{name:>14}  {escape(words)}", highlight=False, soft_wrap=True)
    for like in document["may_be_same_as"]:
        apart = f"{like['apart_km']:g} km, {like['apart_minutes']:g} min apart"
        console.print(f"may be the same as {like['incident_id']} ({apart})", highlight=False, soft_wrap=True)
    if document["changes"]:
        table = Table("时间 At", "更改 Change", "原因 Why", "账号 By")
        for change in document["changes"]:
            why, by = change["reason"] or "", change["changed_by"] or "-"
            table.add_row(change["changed_at"][:16], change["what"], escape(why), by)
        console.print(table)


def show_reach(checked: Mapping[str, Any], preview: Mapping[str, Any]) -> None:
    """What would be declared, and whom it would reach."""
    declared, audience = checked["would_declare"], preview["audience"]
    console = Console()
    word = "演练 drill" if checked["exercise"] else "真实事件 real"
    title = escape(declared["title_zh"] or declared["title_en"])
    console.print(f"{word}: {declared['kind']} {declared['level']} {title} {', '.join(declared['area_codes'])}",
                  highlight=False, soft_wrap=True)  # fmt: skip
    zones = Table("区域 Zone", "面积 km2", "站点 Stations inside")
    for feature in preview["features"]:
        zone = feature["properties"]
        zones.add_row(zone["kind"], f"{zone['area_km2']:,.0f}", str(preview["stations_by_zone"].get(zone["kind"], 0)))
    rings = Table("距离 Within km", "站点 Stations", "志愿者 Volunteers")
    stations, volunteers = audience["stations"], audience["volunteers"]
    for one, other in zip(stations["by_ring"], volunteers["by_ring"], strict=True):
        rings.add_row(f"{one['within_km']:g}", str(one["count"]), str(other["count"]))
    console.print(zones, rings)
    for needed in declared["needs"]:
        people = needed["per_team"] * needed["teams"]
        console.print(f"需要 needed: {people} {needed['role']} ({needed['zone_kind']}, {needed['teams']} teams)")
    not_asked = ", ".join(f"{count} {why}" for why, count in volunteers["not_reachable"].items()) or "0"
    count = volunteers["reachable"]
    console.print(f"可联系 {count} 名志愿者 · {count} volunteers could be asked", highlight=False)
    console.print(f"不可联系 · not: {not_asked}", highlight=False, soft_wrap=True)
    console.print("试运行：未宣布 · dry run, nothing was declared")
