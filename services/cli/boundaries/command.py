"""`thirdrescue import-boundaries`: check a pack, say what would be done to it, and bring it into the register."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from services.cli.access import AsJson, Home, Instance, Name, Url, sign_in
from services.cli.boundaries.codes import read_codes
from services.cli.boundaries.pack import Feature, property_names, read_checked, read_features
from services.cli.instance.errors import InstanceError

GEO_BOUNDARIES: Final = "geoBoundaries (www.geoboundaries.org)"
PRESETS: Final = {
    "geoboundaries": (GEO_BOUNDARIES, "ODbL 1.0; geoBoundaries, OpenStreetMap contributors", "shapeName"),
    "natural-earth": ("Natural Earth", "public domain", "name_zh"),
}
"""Source, licence and property of the name, for packs of these makers unless they are given."""
LINES_MAX: Final = 60

app = typer.Typer(no_args_is_help=True)


@dataclass(kw_only=True)
class Plan:
    """What of a pack can be brought in, and what was noticed on the way."""

    items: list[dict[str, Any]] = field(default_factory=list)
    repaired: list[dict[str, Any]] = field(default_factory=list)
    unmatched: list[dict[str, Any]] = field(default_factory=list)
    simplified_m: float = 0.0


@app.command()
def import_boundaries(
    file: Annotated[Path, typer.Argument(help="GeoJSON FeatureCollection, or with --codes a CSV or JSON table.")],
    sha256: Annotated[str, typer.Option("--sha256", help="Of the file; another file is refused.")],
    preset: Annotated[str | None, typer.Option(help=f"Maker of the pack: {', '.join(PRESETS)}.")] = None,
    source: Annotated[str | None, typer.Option(help="Name of the pack.")] = None,
    licence: Annotated[str | None, typer.Option(help="Its licence, with the attribution it asks for.")] = None,
    tier: Annotated[str, typer.Option(help="Tier of its areas: province, prefecture, county, township ...")] = "county",
    name_property: Annotated[str | None, typer.Option(help="Property with the name.")] = None,
    code_property: Annotated[str | None, typer.Option(help="Property with the GB/T 2260 code; else by name.")] = None,
    codes: Annotated[bool, typer.Option("--codes", help="The file is a table of codes without boundaries.")] = False,
    valid_from: Annotated[str | None, typer.Option(help="First day of the areas of a table, YYYY-MM-DD.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check and match, and bring nothing in.")] = False,
    home: Home = None,
    url: Url = None,
    name: Name = "admin",
    as_json: AsJson = False,
) -> None:
    """Bring administrative areas into the register: boundaries (GeoJSON, WGS-84) or codes; twice changes nothing.

    Recommended: geoBoundaries CHN ADM3 (counties) and ADM2 (prefectures), after the Bureau's codes and the provinces.
    """
    made_by = _preset(preset)
    source, licence = source or made_by[0], licence or made_by[1]
    if source is None or licence is None:
        raise InstanceError("say where the pack comes from: --source and --licence, or --preset")
    content = read_checked(file, sha256)
    instance = None if dry_run and (codes or code_property) else sign_in(("registry",), home, url, name)
    if codes:
        is_csv = file.suffix.lower() == ".csv"
        plan = Plan(items=read_codes(content, is_csv=is_csv, valid_from=valid_from))
    else:
        matcher = _matcher(instance, name_property or made_by[2], code_property, tier)
        plan = _plan(read_features(content), matcher)
    facts = {"name": source, "licence": licence, "sha256": sha256.lower()}
    report = _bring_in(None if dry_run else instance, facts, plan, quiet=as_json)
    typer.echo(json.dumps(report, ensure_ascii=False, indent=2) if as_json else _in_words(report))
    if report["refused"]:
        raise typer.Exit(1)


def _preset(preset: str | None) -> tuple[str | None, str | None, str | None]:
    if preset is None:
        return None, None, None
    if preset not in PRESETS:
        raise InstanceError(f"no preset {preset!r}; there are {', '.join(PRESETS)}")
    return PRESETS[preset]


Matcher = Callable[[Feature, tuple[float, float]], dict[str, Any] | str]
"""What a feature is: the beginning of its item, or why that is not known."""


def _matcher(instance: Instance | None, name_property: str | None, code_property: str | None, tier: str) -> Matcher:
    if code_property is not None:
        return lambda feature, _: _by_code(feature, name_property, code_property, tier)
    if name_property is None:
        raise InstanceError("say which property names the areas: --name-property or --code-property, or --preset")
    from services.cli.boundaries.naming import Names
    from services.cli.boundaries.sending import known_areas, province_outlines

    assert instance is not None
    names = Names(known_areas(instance, tier), {} if tier == "province" else province_outlines(instance))

    def by_name(feature: Feature, centre: tuple[float, float]) -> dict[str, Any] | str:
        value = feature.properties.get(name_property)
        if not isinstance(value, str) or not value.strip():
            return f"it has no text in {name_property!r}"
        found = names.codes_of(value.split("|"), centre)
        if len(found) == 1:
            return {"code": found[0]}
        return f"several are called so: {', '.join(found)}" if found else "no known area of this tier is called so"

    return by_name


def _by_code(feature: Feature, name_property: str | None, code_property: str, tier: str) -> dict[str, Any] | str:
    from services.cli.boundaries.codes import full_code

    code = full_code(str(feature.properties.get(code_property, "")).strip())
    if not code.isdigit() or len(code) not in (6, 12) or code.startswith("0"):
        return f"it has no code in {code_property!r}"
    label = feature.properties.get(name_property) if name_property else None
    return {"code": code, "tier": tier, **({"name_zh": label} if isinstance(label, str) and label else {})}


def _plan(features: list[Feature], matcher: Matcher) -> Plan:
    from services.cli.boundaries.mend import NoOutline, mend

    plan = Plan()
    taken: dict[str, int] = {}
    for feature in features:
        try:
            mended = mend(feature.geometry)
        except NoOutline as error:
            plan.unmatched.append({"feature": feature.number, "why": str(error)})
            continue
        found = matcher(feature, mended.centre)
        if isinstance(found, str) or found["code"] in taken:
            why = found if isinstance(found, str) else f"feature {taken[found['code']]} is {found['code']} too"
            plan.unmatched.append({"feature": feature.number, "why": why})
            continue
        taken[found["code"]] = feature.number
        plan.items.append({**found, "geometry": mended.geometry, "simplified_m": mended.simplified_m})
        plan.simplified_m = max(plan.simplified_m, mended.simplified_m)
        if mended.repaired:
            plan.repaired.append({"feature": feature.number, "code": found["code"], "was": mended.repaired})
    if not plan.items:
        raise InstanceError(f"no feature can be matched; their properties are {', '.join(property_names(features))}")
    return plan


def _bring_in(instance: Instance | None, source: dict[str, str], plan: Plan, *, quiet: bool) -> dict[str, Any]:
    report: dict[str, Any] = {
        "source": source,
        "areas": len(plan.items),
        "simplified_m": plan.simplified_m,
        "repaired": plan.repaired,
        "unmatched": plan.unmatched,
        "brought_in": instance is not None,
        "counts": {},
        "refused": [],
    }
    if instance is not None:
        from services.cli.boundaries.sending import send

        sent = send(instance, source, plan.items, lambda done: None if quiet else _progress(done, len(plan.items)))
        report |= {"counts": dict(sent.counts), "refused": sent.refused}
    return report


def _progress(done: int, total: int) -> None:
    typer.echo(f"{done} of {total}", err=True)


def _in_words(report: dict[str, Any]) -> str:
    counts = ", ".join(f"{number} {outcome}" for outcome, number in report["counts"].items() if number)
    source, noticed = report["source"], (len(report["repaired"]), len(report["unmatched"]))
    lines = [
        f"{report['areas']} areas of {source['name']} ({source['licence']}): {counts or 'nothing brought in'}",
        f"simplified by at most {report['simplified_m']:g} m; {noticed[0]} repaired, {noticed[1]} not matched",
        *(f"  repaired: feature {one['feature']} ({one['code']}): {one['was']}" for one in report["repaired"]),
        *(f"  not matched: feature {one['feature']}: {one['why']}" for one in report["unmatched"]),
        *(f"  refused: {one['code']}: {_first_problem(one)}" for one in report["refused"]),
    ]
    left_out = len(lines) - LINES_MAX
    return "\n".join(lines if left_out <= 0 else [*lines[:LINES_MAX], f"  and {left_out} lines more: --json shows all"])


def _first_problem(item: dict[str, Any]) -> str:
    return str(item["problems"][0]["what"])
