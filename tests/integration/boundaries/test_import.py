"""`thirdrescue import-boundaries` against a running register: codes, then boundaries by name, twice."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from typer.testing import CliRunner

from services.cli.access import Instance
from services.cli.boundaries import command
from services.registry.areas.built_in import read_built_in
from tests.integration.alerts.harness import Running, running, until
from tests.unit.registry.areas.builders import square

pytestmark = pytest.mark.integration
DATA = Path(os.environ.get("THIRDRESCUE_DATA", Path(__file__).parents[3].parent / "shared" / "data")) / "geo"


@pytest.fixture
async def services(
    kafka_topics: str, make_database: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Running]:
    """The registry alone."""
    async with running(("registry",), kafka_topics, make_database, tmp_path, monkeypatch) as started:
        before_last = read_built_in()[-2][1].code

        async def is_registered() -> bool:
            return bool((await started.get(f"/registry/areas?after_code={before_last}"))["items"])

        await until(is_registered, "the last built-in area")
        yield started


def write(file: Path, text: str) -> None:
    file.write_text(text, encoding="utf-8")


def digest_of(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


async def bring(services: Running, monkeypatch: pytest.MonkeyPatch, file: Path, *arguments: str) -> dict[str, Any]:
    """Run the command on the service; what it reports."""
    token = services.token()["Authorization"].removeprefix("Bearer ")
    origins = {"registry": f"http://127.0.0.1:{services.port}"}
    with httpx.Client(timeout=30, trust_env=False) as client:
        monkeypatch.setattr(command, "sign_in", lambda *_: Instance(client, origins, token))
        digest = digest_of(file)
        line = [str(file), "--sha256", digest, "--json", *arguments]
        done = await asyncio.to_thread(CliRunner().invoke, command.app, line)
    assert done.exception is None, done.exception
    report: dict[str, Any] = json.loads(done.output)
    return report


async def test_codes_then_boundaries_by_name_and_again_without_effect(
    services: Running, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    table = tmp_path / "codes.csv"
    write(table, "code,name_zh\n513221,汶川县\n510726,北川羌族自治县\n510724,安县\n")
    pack = tmp_path / "counties.geojson"
    bow = {"type": "Polygon", "coordinates": [[[104, 31], [105, 32], [105, 31], [104, 32], [104, 31]]]}
    features = [
        {"type": "Feature", "properties": {"shapeName": name}, "geometry": geometry}
        for name, geometry in (("汶川县", square(103, 31)), ("安县", bow), ("无此县", square(100, 31)))
    ]
    write(pack, json.dumps({"type": "FeatureCollection", "features": features}))
    made = ("--preset", "geoboundaries")
    dry = await bring(services, monkeypatch, table, "--codes", "--dry-run", *made)
    assert (dry["brought_in"], dry["areas"]) == (False, 3)
    assert "geoBoundaries" not in (await services.get("/registry/areas/513221"))["areas"][0]["source"]["name"]
    codes = await bring(services, monkeypatch, table, "--codes", *made)
    assert codes["counts"]["changed"] == 3
    first = await bring(services, monkeypatch, pack, *made)
    assert first["counts"]["changed"] == 2
    assert [one["code"] for one in first["repaired"]] == ["510724"]
    assert [one["feature"] for one in first["unmatched"]] == [2]
    again = await bring(services, monkeypatch, pack, *made)
    assert again["counts"]["unchanged"] == 2
    wenchuan = (await services.get("/registry/areas/513221"))["areas"][0]
    assert (wenchuan["has_geometry"], wenchuan["centre"]) == (True, {"lat_deg": 31.5, "lon_deg": 103.5})
    assert wenchuan["geometry_source"]["licence"].startswith("ODbL")


@pytest.mark.skipif(not DATA.is_dir(), reason="the public data is not there (THIRDRESCUE_DATA, ../shared/data)")
async def test_the_provinces_of_natural_earth_and_the_codes_of_the_bureau(
    services: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = DATA / "cn_adcodes_pca_nbs2023.json"
    licence = ("--source", "National Bureau of Statistics, 2023", "--licence", "public record")
    codes = await bring(services, monkeypatch, table, "--codes", *licence)
    assert codes["counts"]["refused"] == 0
    assert codes["areas"] > 3_300
    provinces = DATA / "cn_admin1_ne10m_simplified.geojson"
    told = await bring(services, monkeypatch, provinces, "--preset", "natural-earth", "--tier", "province")
    assert told["counts"]["changed"] == 32  # the mainland and Macao; others are in parts
    found = await services.get("/registry/areas?q=汶川")
    assert [item["code"] for item in found["items"]] == ["513221"]
