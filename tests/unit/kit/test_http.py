"""The HTTP layer: every wrong request gets a problem that says what and where, and reaches no endpoint."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import asyncpg
import httpx
import pytest
from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from schemas.policy import AccountRole, Row
from services.kit import entrance
from services.kit.entrance import DEPTH_MAX, check_json
from services.kit.health import Health, failed
from services.kit.http import CurrentPrincipal, build_app
from services.kit.policy_check import PolicyError
from services.kit.problems import FINDINGS_MAX, Finding, ProblemError, conflict, pointer
from services.kit.settings import KitSettings
from tests.support.signing import Signing, make_signing

VIEWERS = frozenset({AccountRole.VIEWER})


class Place(BaseModel):
    lat_deg: Annotated[float, Field(ge=-90, le=90)]


class Thing(BaseModel):
    name: str
    places: list[Place] = []


class Reached:
    """What the endpoints saw."""

    def __init__(self) -> None:
        self.bodies: list[Thing] = []


def make_router(reached: Reached) -> APIRouter:
    router = APIRouter(prefix="/things")

    @router.post("", status_code=201)
    async def add(thing: Thing, principal: CurrentPrincipal) -> dict[str, str]:
        reached.bodies.append(thing)
        return {"by": principal.subject}

    @router.get("")
    async def search(limit: Annotated[int, Query(ge=1, le=10)] = 5) -> dict[str, int]:
        return {"limit": limit}

    @router.get("/{thing_id}")
    async def show(thing_id: UUID) -> None:
        match thing_id.int:
            case 1:
                raise conflict("It is closed.", [Finding(where="/state", what="is closed")])
            case 2:
                raise ConnectionRefusedError(111, "database")
            case 3:
                raise asyncpg.UniqueViolationError("Key (name)=(secret) already exists.")
            case _:
                raise RuntimeError("secret inside")

    return router


ROWS = [
    Row(service="things", method="POST", path="/things", roles=VIEWERS),
    Row(service="things", method="GET", path="/things", roles=VIEWERS),
    Row(service="things", method="GET", path="/things/{thing_id}", roles=VIEWERS),
]


REACHED = Reached()


@pytest.fixture
def reached() -> Reached:
    REACHED.bodies.clear()
    return REACHED


@pytest.fixture(scope="module")
def signing(tmp_path_factory: pytest.TempPathFactory) -> Signing:
    return make_signing(tmp_path_factory.mktemp("secrets"))


@pytest.fixture(scope="module")
def app(signing: Signing) -> Any:
    settings = KitSettings(request_body_bytes_max=20_000)
    return build_app([make_router(REACHED)], ROWS, settings=settings, verifier=signing.verifier, health=Health())


@pytest.fixture
async def client(reached: Reached, signing: Signing, app: Any) -> AsyncIterator[httpx.AsyncClient]:
    token = signing.identity.sign("tester", lifetime=timedelta(minutes=5), roles=VIEWERS)
    headers = {"Authorization": f"Bearer {token}"}
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://test", headers=headers) as opened:
        yield opened


def problem(response: httpx.Response, status: int) -> dict[str, Any]:
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    document: dict[str, Any] = response.json()
    assert document["status"] == status
    assert {"type", "title", "detail", "problems", "instance"} <= document.keys()
    return document


async def test_a_right_request_reaches_its_endpoint(client: httpx.AsyncClient, reached: Reached) -> None:
    response = await client.post("/things", json={"name": "Wenchuan 汶川", "places": [{"lat_deg": 31}]})
    assert response.status_code == 201
    assert response.json() == {"by": "tester"}
    assert reached.bodies[0].name == "Wenchuan 汶川"


@pytest.mark.parametrize(
    ("body", "what"),
    [
        pytest.param(b'{"name": "a", "places": [{"lat_deg": NaN}]}', "JSON", id="NaN"),
        pytest.param(b'{"name": "a", "places": [{"lat_deg": Infinity}]}', "JSON", id="Infinity"),
        pytest.param(b'{"name": "a\xff"}', "JSON", id="not UTF-8"),
        pytest.param(b'{"name": "\\ud800"}', "JSON", id="half a surrogate pair"),
        pytest.param(b'{"name": "a\x00"}', "JSON", id="a raw NUL"),
        pytest.param(b'{"name": "a"', "JSON", id="cut off"),
        pytest.param(b'{"name": "a"} {}', "JSON", id="two documents"),
        pytest.param(b"[" * 300 + b"]" * 300, "what is needed", id="nested deep"),
        pytest.param(b'{"a":' * 5000 + b"1" + b"}" * 5000, "JSON", id="nested very deep"),
        pytest.param(b'{"name": "a\\u0000"}', "what is needed", id="an escaped NUL"),
        pytest.param(b'"text"', "what is needed", id="no object"),
        pytest.param(b"", "what is needed", id="nothing"),
    ],
)
async def test_a_body_that_is_not_strict_json_is_refused(
    client: httpx.AsyncClient, reached: Reached, body: bytes, what: str
) -> None:
    headers = {"Content-Type": "application/json"}
    limit = 40_000  # the very deep one is refused for its depth, not its size
    assert len(body) < limit
    response = await client.post("/things", content=body, headers=headers)
    if len(body) > 20_000:
        problem(response, 413)
    else:
        assert what in problem(response, 422)["detail"]
    assert reached.bodies == []


async def test_each_fault_of_a_body_is_pointed_at(client: httpx.AsyncClient) -> None:
    document = problem(await client.post("/things", json={"places": [{"lat_deg": 10}, {"lat_deg": 99}]}), 422)
    assert {finding["where"] for finding in document["problems"]} == {"/name", "/places/1/lat_deg"}


async def test_a_thousand_faults_are_cut_to_a_readable_list(client: httpx.AsyncClient) -> None:
    document = problem(await client.post("/things", json={"name": "a", "places": [{}] * 1000}), 422)
    assert len(document["problems"]) == FINDINGS_MAX


async def test_other_places_are_pointed_at_too(client: httpx.AsyncClient) -> None:
    assert problem(await client.get("/things?limit=11"), 422)["problems"][0]["where"] == "?limit"
    assert problem(await client.get("/things/no-id"), 422)["problems"][0]["where"] == "path:thing_id"


@pytest.mark.parametrize("media_type", ["text/plain", "application/xml", "multipart/form-data; boundary=x", ""])
async def test_another_media_type_is_refused(client: httpx.AsyncClient, reached: Reached, media_type: str) -> None:
    response = await client.post("/things", content=b'{"name": "a"}', headers={"Content-Type": media_type})
    assert problem(response, 415)["problems"][0]["where"] == "header:Content-Type"
    assert reached.bodies == []


async def chunks(size: int) -> AsyncIterator[bytes]:
    for _ in range(size // 1000):
        yield b" " * 1000


async def test_a_large_body_is_refused_with_and_without_a_length(client: httpx.AsyncClient, reached: Reached) -> None:
    headers = {"Content-Type": "application/json"}
    problem(await client.post("/things", content=b" " * 20_001, headers=headers), 413)
    problem(await client.post("/things", content=chunks(30_000), headers=headers), 413)
    assert reached.bodies == []


async def test_unknown_addresses_and_methods(client: httpx.AsyncClient) -> None:
    problem(await client.get("/nothing"), 404)
    problem(await client.get("/things/"), 404)
    response = await client.delete("/things")
    problem(response, 405)
    assert response.headers["allow"] == "GET, POST"


async def test_refusals_and_faults_of_endpoints(client: httpx.AsyncClient) -> None:
    assert problem(await client.get(f"/things/{UUID(int=1)}"), 409)["problems"] == [
        {"where": "/state", "what": "is closed"}
    ]
    away = await client.get(f"/things/{UUID(int=2)}")
    problem(away, 503)
    assert away.headers["retry-after"] == "2"
    for number in (3, 4):
        assert "secret" not in json.dumps(problem(await client.get(f"/things/{UUID(int=number)}"), 500))


async def test_identity_is_asked_before_the_body_is_read(client: httpx.AsyncClient, signing: Signing) -> None:
    for wrong in ("", "Bearer", "Bearer x", "Basic abc", "bearer  "):
        response = await client.post("/things", content=b"{", headers={"Authorization": wrong})
        problem(response, 401)
        assert response.headers["www-authenticate"].startswith("Bearer")
    other = signing.identity.sign("s", lifetime=timedelta(minutes=1), roles=[AccountRole.AUDITOR])
    problem(await client.post("/things", content=b"{", headers={"Authorization": f"Bearer {other}"}), 403)


async def test_a_correlation_id_goes_round(client: httpx.AsyncClient) -> None:
    mine = "0d9c3f0e-5f5b-4b8e-9f0a-2f3f1f7e1a11"
    assert (await client.get("/things", headers={"X-Correlation-Id": mine})).headers["x-correlation-id"] == mine
    fresh = (await client.get("/things", headers={"X-Correlation-Id": "<script>"})).headers["x-correlation-id"]
    assert str(UUID(fresh)) == fresh
    refused = await client.get("/nothing", headers={"X-Correlation-Id": mine})
    assert refused.json()["instance"] == f"urn:uuid:{mine}"


async def test_health_and_metrics_need_no_identity(client: httpx.AsyncClient) -> None:
    no_one = {"Authorization": ""}
    assert (await client.get("/live", headers=no_one)).json() == {"live": True}
    assert (await client.get("/ready", headers=no_one)).json() == {"ready": True, "checks": {}}
    text = (await client.get("/metrics", headers=no_one)).text
    assert 'thirdrescue_http_requests_total{method="GET",route="/live",status="200"}' in text


async def test_not_ready_is_a_503_that_names_the_check(signing: Signing, tmp_path: Path) -> None:
    async def away() -> Any:
        return failed("waiting for the database")

    health = Health()
    health.add("x.database", away)
    app: Any = build_app([], [], settings=KitSettings(secrets_dir=tmp_path), verifier=signing.verifier, health=health)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client:
        response = await client.get("/ready")
        elsewhere = httpx.ASGITransport(app, client=("192.0.2.1", 1))
        async with httpx.AsyncClient(transport=elsewhere, base_url="http://test") as stranger:
            problem(await stranger.get("/metrics"), 403)
    assert response.status_code == 503
    assert response.json() == {"ready": False, "checks": {"x.database": "failed: waiting for the database"}}


def test_an_app_with_an_unguarded_route_is_not_made(signing: Signing, tmp_path: Path) -> None:
    settings = KitSettings(secrets_dir=tmp_path)
    with pytest.raises(PolicyError, match="POST /things has no row"):
        build_app([make_router(Reached())], ROWS[1:], settings=settings, verifier=signing.verifier, health=Health())


def test_depth_is_counted_in_levels_and_not_in_brackets() -> None:
    check_json(b"[" + b"[1,2]," * 5000 + b"[1]]")
    check_json(b"[" * DEPTH_MAX + b"]" * DEPTH_MAX)
    with pytest.raises(ProblemError):
        check_json(b"[" * (DEPTH_MAX + 2) + b"]" * (DEPTH_MAX + 2))


def test_a_backslash_before_u0000_is_not_a_nul() -> None:
    check_json(rb'{"a": "\\u0000"}')
    with pytest.raises(ProblemError) as refused:
        check_json(rb'{"a": [{"b/c": "\u0000"}]}')
    assert refused.value.problem.findings[0].where == "/a/0/b~1c"


def test_pointers_escape_what_they_must() -> None:
    assert pointer(("body", "a/b", 0, "c~d")) == "/a~1b/0/c~0d"
    assert pointer(("body",)) == ""
    assert pointer(()) == ""
    assert pointer(("header", "x")) == "header:x"


async def refused_as_too_large(
    app: Any, signing: Signing, bodies: list[bytes], *headers: tuple[bytes, bytes]
) -> tuple[int, int]:
    """The status, and how many messages were received; there is always one more to come."""
    token = signing.identity.sign("tester", lifetime=timedelta(minutes=5), roles=VIEWERS)
    known = [(b"authorization", f"Bearer {token}".encode()), (b"content-type", b"application/json"), *headers]
    received, statuses = 0, []

    async def receive() -> dict[str, Any]:
        nonlocal received
        if received == len(bodies):
            await asyncio.Event().wait()
        received += 1
        return {"type": "http.request", "body": bodies[received - 1], "more_body": True}

    async def send(message: Any) -> None:
        statuses.append(message.get("status"))

    scope = {"type": "http", "method": "POST", "path": "/things", "query_string": b"", "headers": known}
    async with asyncio.timeout(30):
        await app(scope, receive, send)
    return statuses[0], received


LENGTH = (b"content-length", b"20001")


async def test_a_sender_who_waits_to_be_told_is_told_at_once(app: Any, signing: Signing) -> None:
    assert await refused_as_too_large(app, signing, [b"x"], LENGTH, (b"expect", b"100-continue")) == (413, 0)


@pytest.mark.parametrize("header", [LENGTH, (b"transfer-encoding", b"chunked")])
async def test_a_sender_is_heard_out_within_bounds(
    app: Any, signing: Signing, monkeypatch: pytest.MonkeyPatch, header: tuple[bytes, bytes]
) -> None:
    monkeypatch.setattr(entrance, "HEARD_OUT_S", 0.05)
    assert await refused_as_too_large(app, signing, [b"x" * 20_001] * 3, header) == (413, 3), "bounded in time"
    monkeypatch.setattr(entrance, "HEARD_OUT_S", 30)
    monkeypatch.setattr(entrance, "HEARD_OUT_BYTES_MAX", 40_000)
    first = header is not LENGTH  # what shows that it is too large
    assert await refused_as_too_large(app, signing, [b"x" * 20_001] * 9, header) == (413, 2 + first), "and in bytes"
