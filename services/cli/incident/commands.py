"""`thirdrescue incident ...`: each command is one request of the incidents service, but for a dry run, which is two."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Final

import typer

from schemas.vocabulary import IncidentKind, Level, Phase
from services.cli.access import AsJson, Home, Name, Url
from services.cli.incident.desk import Desk, show_problems
from services.cli.incident.request import joined, key_of, place_of, previewed, read_document
from services.cli.incident.telling import print_json, show_list, show_one, show_reach
from services.cli.instance.errors import InstanceError

app = typer.Typer(no_args_is_help=True, help="Declare incidents, look at them, change them.")

IncidentId = Annotated[str, typer.Argument(metavar="ID", help="The incident's id.")]
Reason = Annotated[str, typer.Option("--reason", help="Why; kept with the change.")]
File = Annotated[Path | None, typer.Option("--file", help="A JSON object; - reads it from the standard input.")]
Lat = Annotated[float | None, typer.Option("--lat", min=-90, max=90, help="Latitude in degrees (WGS 84).")]
Lon = Annotated[float | None, typer.Option("--lon", min=-180, max=180, help="Longitude in degrees (WGS 84).")]
Address = Annotated[str | None, typer.Option("--address", help="The place by name.")]
PlaceCodes = Annotated[
    list[str] | None, typer.Option("--place-code", help="The place is this area (GB/T 2260); repeat.")
]
AreaCodes = Annotated[list[str] | None, typer.Option("--area-code", help="An area it concerns (GB/T 2260); repeat.")]
RadiusM = Annotated[float | None, typer.Option("--radius-m", min=0, help="Metres around the place.")]
Magnitude = Annotated[float | None, typer.Option("--magnitude", help="Of an earthquake.")]
_GRAVEST_FIRST: Final = tuple(Level)


@app.command()
def declare(
    file: File = None,
    kind: Annotated[IncidentKind | None, typer.Option("--kind", help="What happened.")] = None,
    level: Annotated[Level | None, typer.Option("--level", help="I is the highest.")] = None,
    title_zh: Annotated[str | None, typer.Option("--title-zh", help="Title in Chinese.")] = None,
    title_en: Annotated[str | None, typer.Option("--title-en", help="Title in English.")] = None,
    occurred_at: Annotated[
        str | None, typer.Option("--at", help="When, with offset: 2008-05-12T14:28:01+08:00.")
    ] = None,
    lat: Lat = None,
    lon: Lon = None,
    address: Address = None,
    place_code: PlaceCodes = None,
    area_code: AreaCodes = None,
    radius_m: RadiusM = None,
    magnitude: Magnitude = None,
    narrative: Annotated[str | None, typer.Option("--narrative", help="What is known; stays in this service.")] = None,
    parent: Annotated[str | None, typer.Option("--parent", help="Id of the incident this is part of.")] = None,
    auto_dispatch: Annotated[bool, typer.Option("--auto-dispatch", help="Complete teams leave unapproved.")] = False,
    exercise: Annotated[bool, typer.Option("--exercise", help="A drill, marked on every event and page.")] = False,
    drill_factor: Annotated[float | None, typer.Option("--drill-factor", help="How fast a drill's clock runs.")] = None,
    key: Annotated[str | None, typer.Option("--key", help="Idempotency-Key; made from what is declared.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check it, and say whom it would reach.")] = False,
    as_json: AsJson = False,
    home: Home = None,
    url: Url = None,
    name: Name = "admin",
) -> None:
    """Declare from options, a file, or a file with options in the place of some of its words.

    The same command again, after a failure on the way, declares nothing twice and says so: its key is made from its
    words and holds for two days. Without needs the template of kind and level fills in (`incident templates`).
    """
    said = {
        "kind": kind, "level": level, "title_zh": title_zh, "title_en": title_en, "occurred_at": occurred_at,
        "place": place_of(lat_deg=lat, lon_deg=lon, address=address, place_codes=place_code), "area_codes": area_code,
        "radius_m": radius_m, "magnitude": magnitude, "narrative": narrative, "parent_id": parent,
        "auto_dispatch": auto_dispatch, "exercise": exercise, "drill_factor": drill_factor,
    }  # fmt: skip
    body = joined(read_document(file), said)
    desk = Desk(home, url, name, as_json=as_json)
    if dry_run:
        _show_dry_run(desk, body, as_json=as_json)
        return
    answer, is_replay = desk.post("", body, key=key or key_of(body))
    if as_json:
        print_json({**answer, "declared_before": is_replay})
        return
    show_problems(answer["problems"])
    words = (
        "已由相同请求宣布，未重复 · declared by the same request before, not again (--key declares another)"
        if is_replay
        else "已宣布 · declared"
    )
    typer.echo(f"{words}: {answer['incident_id']}")


def _show_dry_run(desk: Desk, body: dict[str, Any], *, as_json: bool) -> None:
    checked = desk.check(body)
    preview = desk.preview(previewed(checked["would_declare"]))
    if as_json:
        print_json({**checked, "preview": preview})
        return
    show_problems(checked["problems"])
    show_reach(checked, preview)


@app.command()
def templates(
    kind: Annotated[IncidentKind | None, typer.Option("--kind", help="Only of this kind.")] = None,
    level: Annotated[Level | None, typer.Option("--level", help="Only of this level.")] = None,
    home: Home = None,
    url: Url = None,
    name: Name = "admin",
) -> None:
    """The needs that fill in when none are stated, as JSON."""
    print_json(Desk(home, url, name, as_json=True).get("/templates", kind=kind, level=level)["items"])


@app.command("list")
def list_them(
    state: Annotated[str | None, typer.Option("--state", help="open or closed.")] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, max=200, help="At most so many.")] = 50,
    as_json: AsJson = False,
    home: Home = None,
    url: Url = None,
    name: Name = "admin",
) -> None:
    """Incidents of the account's areas, newest first."""
    items = Desk(home, url, name, as_json=as_json).get("", state=state, limit=limit)["items"]
    print_json(items) if as_json else show_list(items)


@app.command()
def show(
    incident_id: IncidentId, as_json: AsJson = False, home: Home = None, url: Url = None, name: Name = "admin"
) -> None:
    """One incident, with its changes and what it may be the same as."""
    document = Desk(home, url, name, as_json=as_json).get(f"/{incident_id}")
    print_json(document) if as_json else show_one(document)


@app.command()
def amend(
    incident_id: IncidentId,
    reason: Reason,
    file: File = None,
    lat: Lat = None,
    lon: Lon = None,
    address: Address = None,
    place_code: PlaceCodes = None,
    area_code: AreaCodes = None,
    radius_m: RadiusM = None,
    magnitude: Magnitude = None,
    home: Home = None,
    url: Url = None,
    name: Name = "admin",
) -> None:
    """Say anew where it is; what is left out stays."""
    place = place_of(lat_deg=lat, lon_deg=lon, address=address, place_codes=place_code)
    said = {"place": place, "area_codes": area_code, "radius_m": radius_m, "magnitude": magnitude, "reason": reason}
    _change(Desk(home, url, name), incident_id, "area", joined(read_document(file), said))


@app.command("raise")
def raise_(
    incident_id: IncidentId, level: Level, reason: Reason, home: Home = None, url: Url = None, name: Name = "admin"
) -> None:
    """Raise the level, towards I."""
    _set_level(Desk(home, url, name), incident_id, level, reason, upwards=True)


@app.command()
def lower(
    incident_id: IncidentId, level: Level, reason: Reason, home: Home = None, url: Url = None, name: Name = "admin"
) -> None:
    """Lower the level, towards IV."""
    _set_level(Desk(home, url, name), incident_id, level, reason, upwards=False)


@app.command()
def phase(
    incident_id: IncidentId, phase: Phase, reason: Reason, home: Home = None, url: Url = None, name: Name = "admin"
) -> None:
    """Go over to another phase."""
    _change(Desk(home, url, name), incident_id, "phase", {"phase": phase, "reason": reason})


@app.command()
def merge(
    incident_id: IncidentId,
    into: Annotated[str, typer.Argument(help="The incident that goes on for both.")],
    reason: Reason,
    home: Home = None,
    url: Url = None,
    name: Name = "admin",
) -> None:
    """Close it in favour of another that it is the same as."""
    _change(Desk(home, url, name), incident_id, "merge", {"into": into, "reason": reason})


@app.command()
def different(
    incident_id: IncidentId,
    other: Annotated[str, typer.Argument(help="The incident it was proposed to be the same as.")],
    reason: Reason,
    home: Home = None,
    url: Url = None,
    name: Name = "admin",
) -> None:
    """Say that two are not the same; they are not proposed again."""
    _change(Desk(home, url, name), incident_id, "different", {"other": other, "reason": reason})


@app.command()
def close(incident_id: IncidentId, reason: Reason, home: Home = None, url: Url = None, name: Name = "admin") -> None:
    """End the acute response."""
    _change(Desk(home, url, name), incident_id, "close", {"reason": reason})


@app.command()
def reopen(incident_id: IncidentId, reason: Reason, home: Home = None, url: Url = None, name: Name = "admin") -> None:
    """Let a closed incident go on as another."""
    _change(Desk(home, url, name), incident_id, "reopen", {"reason": reason})


def _set_level(desk: Desk, incident_id: str, level: Level, reason: str, *, upwards: bool) -> None:
    now = Level(desk.get(f"/{incident_id}")["level"])
    if (_GRAVEST_FIRST.index(level) < _GRAVEST_FIRST.index(now)) is not upwards:
        raise InstanceError(f"the level is {now}; {level} would not {'raise' if upwards else 'lower'} it")
    _change(desk, incident_id, "level", {"level": level, "reason": reason})


def _change(desk: Desk, incident_id: str, what: str, body: dict[str, Any]) -> None:
    answer, _ = desk.post(f"/{incident_id}/{what}", body)
    print_json(answer)
