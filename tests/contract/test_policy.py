"""The policy table against the real routes of every service: nothing open, nothing forgotten, each row enforced.

The services run without their database: a request that passes the gate then ends in some other error than 401 or 403.
"""

from __future__ import annotations

import ast
import importlib
import importlib.util
import re
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from schemas.policy import ISSUERS, POLICY, AccountRole, Row, rows_of
from services.catalog import SERVICES
from services.kit import db
from services.kit.clock import SystemClock
from services.kit.health import Health
from services.kit.http import INFRASTRUCTURE_ROWS, build_app
from services.kit.memory import MemoryBus
from services.kit.policy_check import PolicyError, check_rows
from services.kit.runtime import Runtime
from services.kit.settings import KitSettings
from services.kit.wiring import wire
from tests.support.signing import PAGE_GATEWAY_KEY, Signing, make_signing

ROOT = Path(__file__).parents[2]
NOWHERE = "postgresql://nobody:nothing@127.0.0.1:1/nowhere"
OBJECT = UUID("7c1d9a52-0f4e-4c0e-9d60-0b1f4f6f2a10")
EXISTING = tuple(
    entry.name for entry in SERVICES
    if importlib.util.find_spec(f"services.{entry.name}") and (ROOT / "services" / entry.name / "app.py").exists()
)  # fmt: skip
ROWS = [row for row in POLICY if row.service in EXISTING]


@dataclass(frozen=True)
class Served:
    """Each existing service in an app of its own, made when it is first asked."""

    signing: Signing
    apps: dict[str, Any]
    pools: list[Any]

    async def app(self, name: str) -> Any:
        """The app as `run` makes it. Raises `PolicyError` when its routes and rows differ."""
        if name not in self.apps:
            settings, health = KitSettings(), Health()
            pool = await db.create_pool(NOWHERE, name, settings)
            self.pools.append(pool)
            runtime = Runtime(
                name, settings=settings, clock=SystemClock(), pool=pool, verifier=self.signing.verifier,
                health=health, bus=MemoryBus(),
            )  # fmt: skip
            service = importlib.import_module(f"services.{name}.app").create(runtime)
            routers = [*wire(service, runtime, NOWHERE).routers, service.router]
            self.apps[name] = build_app(
                routers, rows_of(name), settings=settings, verifier=self.signing.verifier, health=health
            )
        return self.apps[name]

    async def ask(self, row: Row, token: str | None) -> int:
        """The status of a request to the row's route, with a body that fits no endpoint."""
        path = re.sub(r"\{\w+\}", str(OBJECT), row.path)
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        body: dict[str, str] | None = {} if row.method in ("POST", "PUT", "PATCH") else None
        transport = httpx.ASGITransport(await self.app(row.service), raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            response = await client.request(row.method, path, headers=headers, json=body, timeout=20)
        if response.status_code >= 400:
            assert response.headers["content-type"] == "application/problem+json"
        return response.status_code

    def token(self, *roles: AccountRole) -> str:
        """A token of everywhere."""
        return self.signing.identity.sign("tester", lifetime=timedelta(minutes=5), roles=roles, areas=["*"])

    def scoped(self, kind: str, object_id: UUID) -> str:
        """A token for one object."""
        return self.signing.alerts.sign("tester", lifetime=timedelta(minutes=5), scope=f"{kind}:{object_id}")


def set_environment(folder: Path) -> Iterator[None]:
    patch = pytest.MonkeyPatch()
    patch.setenv("THIRDRESCUE_SECRETS_DIR", str(folder))
    patch.setenv("THIRDRESCUE_STATE_DIR", str(folder))
    patch.setenv("THIRDRESCUE_KAFKA", "127.0.0.1:1")
    patch.setenv("THIRDRESCUE_PAGE_GATEWAY", "http://127.0.0.1:1")
    for name in EXISTING:
        patch.setenv(f"THIRDRESCUE_POSTGRES_{name.upper()}", NOWHERE)
    yield
    patch.undo()


@pytest.fixture(scope="module")
async def served(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Served]:
    folder = tmp_path_factory.mktemp("secrets")
    signing = make_signing(folder)
    environment = set_environment(folder)
    next(environment)
    served = Served(signing, {}, [])
    yield served
    for pool in served.pools:
        await pool.close()
    next(environment, None)


def label(row: Row) -> str:
    return f"{row.method} {row.path}"


@pytest.mark.parametrize("service", EXISTING)
async def test_every_route_has_a_row_and_every_row_a_route(served: Served, service: str) -> None:
    await served.app(service)  # raises PolicyError with every difference


@pytest.mark.parametrize("row", ROWS, ids=label)
async def test_without_a_token_only_public_routes_answer(served: Served, row: Row) -> None:
    status = await served.ask(row, None)
    assert (status != 401) if row.public else (status == 401)


@pytest.mark.parametrize("row", [row for row in ROWS if row.shared_key], ids=label)
async def test_a_shared_key_is_not_replaced_by_a_token(served: Served, row: Row) -> None:
    assert await served.ask(row, served.token(*AccountRole)) == 401
    assert await served.ask(row, PAGE_GATEWAY_KEY[:-1]) == 401
    assert await served.ask(row, PAGE_GATEWAY_KEY) not in (401, 403)


@pytest.mark.parametrize("row", [row for row in ROWS if not row.public and not row.shared_key], ids=label)
async def test_a_role_that_is_not_in_the_row_is_refused(served: Served, row: Row) -> None:
    others = [role for role in AccountRole if role not in row.roles]
    assert {await served.ask(row, served.token(role)) for role in others} == {403}
    assert await served.ask(row, served.token()) == 403


@pytest.mark.parametrize("row", [row for row in ROWS if row.roles], ids=label)
async def test_each_role_of_the_row_passes_the_gate(served: Served, row: Row) -> None:
    statuses = {role: await served.ask(row, served.token(role)) for role in row.roles}
    assert not {role: status for role, status in statuses.items() if status in (401, 403)}


@pytest.mark.parametrize("row", [row for row in ROWS if row.path.startswith("/streams/")], ids=label)
async def test_a_stream_gets_as_far_as_the_log(served: Served, row: Row) -> None:
    assert await served.ask(row, served.token(*row.roles)) == 503  # which is not there


@pytest.mark.parametrize("row", [row for row in ROWS if not row.public and not row.shared_key], ids=label)
async def test_a_scoped_token_opens_its_own_object_only(served: Served, row: Row) -> None:
    kinds = sorted(kind for rights in ISSUERS.values() for kind in rights.scopes)
    for kind in kinds:
        own, other = served.scoped(kind, OBJECT), served.scoped(kind, uuid4())
        if kind != row.scope:
            assert await served.ask(row, own) == 403
        elif f"{{{kind}_id}}" in row.path:
            assert await served.ask(row, own) not in (401, 403)
            assert await served.ask(row, other) == 403
        else:  # the object is named in the body: its handler compares it
            assert await served.ask(row, own) not in (401, 403)


def test_a_route_without_a_row_is_refused() -> None:
    row = Row(service="x", method="GET", path="/x/a", roles=frozenset({AccountRole.VIEWER}))
    with pytest.raises(PolicyError, match="GET /x/b has no row"):
        check_rows([("GET", "/x/a"), ("GET", "/x/b")], [row])


def test_a_row_without_a_route_is_refused() -> None:
    row = Row(service="x", method="GET", path="/x/a", roles=frozenset({AccountRole.VIEWER}))
    with pytest.raises(PolicyError, match=r"GET /x/a is in schemas/policy\.py"):
        check_rows([], [row])


def test_only_health_and_sign_in_are_public() -> None:
    public = {label(row) for row in (*POLICY, *INFRASTRUCTURE_ROWS) if row.public}
    assert public == {"POST /identity/tokens", "POST /identity/tokens/revocation", "GET /identity/jwks",
                      "GET /live", "GET /ready", "GET /metrics", "GET /", "GET /assets/{name}",
                      "POST /session", "POST /session/refresh", "DELETE /session"}  # fmt: skip


def test_no_row_is_open_to_nobody_or_doubled() -> None:
    assert [label(row) for row in POLICY if not (row.roles or row.public or row.scope or row.shared_key)] == []
    labels = [label(row) for row in POLICY]
    assert len(labels) == len(set(labels))


JURISDICTION_CHECKS = {"require_jurisdiction", "require_all_jurisdiction", "may_see", "covers", "prefix_of"}


def _names_called(service: str) -> set[str]:
    names = set()
    for path in (ROOT / "services" / service).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call):
                target = node.func
                names.add(target.attr if isinstance(target, ast.Attribute) else getattr(target, "id", ""))
    return names


@pytest.mark.parametrize("service", sorted({row.service for row in ROWS if row.jurisdiction}))
def test_a_service_with_jurisdiction_rows_checks_areas(service: str) -> None:
    """A coarse net under the behaviour tests, which try each row with a foreign account on a real database."""
    assert JURISDICTION_CHECKS & _names_called(service)
