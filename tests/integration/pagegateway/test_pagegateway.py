"""The simulated page provider: durable, idempotent, and able to fail on purpose."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from schemas.policy import rows_of
from services.kit import db
from services.kit.clock import SystemClock
from services.kit.health import Health
from services.kit.http import build_app
from services.kit.migrate import migrate
from services.kit.runtime import Runtime
from services.kit.settings import KitSettings
from services.pagegateway.app import create
from tests.support.signing import PAGE_GATEWAY_KEY, make_signing

pytestmark = pytest.mark.integration


@pytest.fixture
async def client(make_database: Callable[..., Any], tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    signing, settings = make_signing(tmp_path), KitSettings(secrets_dir=tmp_path)
    pool = await db.create_pool(make_database("pagegateway").dsn("pagegateway"), "pagegateway", settings)
    runtime = Runtime(
        "pagegateway", settings=settings, clock=SystemClock(), pool=pool, verifier=signing.verifier, health=Health()
    )
    service = create(runtime)
    async with pool.acquire() as connection:
        await migrate(connection, "pagegateway", service.folder / "sql" / "migrations")
    app: Any = build_app(
        [service.router], rows_of("pagegateway"), settings=settings, verifier=signing.verifier, health=Health()
    )
    headers = {"Authorization": f"Bearer {PAGE_GATEWAY_KEY}"}
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url="http://test/pagegateway", headers=headers
    ) as opened:
        yield opened
    await pool.close()


def page(page_id: UUID, **changes: Any) -> dict[str, Any]:
    return {
        "page_id": str(page_id), "recipient": str(UUID(int=7)), "purpose": "ask", "token": "t", "text_zh": "请回复",
        "text_en": "please answer", "exercise": True,
    } | changes  # fmt: skip


async def send(client: httpx.AsyncClient, page_id: UUID, **changes: Any) -> httpx.Response:
    return await client.post("/pages", json=page(page_id, **changes), headers={"Idempotency-Key": str(page_id)})


async def counts(client: httpx.AsyncClient, page_id: UUID) -> tuple[int, int]:
    document = (await client.get(f"/pages/{page_id}")).json()
    return document["effects"], document["attempts"]


async def test_a_page_takes_effect_once_however_often_it_is_sent(client: httpx.AsyncClient) -> None:
    one = uuid4()
    first = await send(client, one)
    assert first.status_code == 202
    assert first.json()["simulated"] is True
    again = await asyncio.gather(*(send(client, one, token=f"fresh {n}") for n in range(5)))
    assert {response.json()["receipt_id"] for response in again} == {first.json()["receipt_id"]}
    assert all(response.json()["duplicate"] for response in again)
    assert await counts(client, one) == (1, 6)
    other = await send(client, one, text_en="something else")
    assert (other.status_code, other.json()["type"].rpartition(":")[2]) == (422, "idempotency-key-reused")
    assert await counts(client, one) == (1, 7)


async def test_a_key_that_is_not_the_page_id_is_refused(client: httpx.AsyncClient) -> None:
    response = await client.post("/pages", json=page(uuid4()), headers={"Idempotency-Key": "x"})
    assert response.json()["problems"][0]["where"] == "header:Idempotency-Key"
    assert (await client.post("/pages", json=page(uuid4()))).status_code == 422


async def test_armed_faults_strike_the_next_requests_and_no_more(client: httpx.AsyncClient) -> None:
    one, two = uuid4(), uuid4()
    await client.put("/faults", json={"fail_next": 1, "timeout_next": 1})
    assert (await send(client, one)).status_code == 503
    assert await counts(client, one) == (0, 1)
    assert (await send(client, two)).status_code == 504
    assert await counts(client, two) == (1, 1)  # the sender does not know, but can ask
    assert (await client.get("/faults")).json() == {"fail_next": 0, "timeout_next": 0}
    assert (await send(client, one)).json()["duplicate"] is False
    assert (await send(client, two)).json()["duplicate"] is True
    assert (await client.put("/faults", json={"fail_next": -1})).status_code == 422


async def test_pages_are_read_in_order_and_waited_for(client: httpx.AsyncClient) -> None:
    ids = [uuid4() for _ in range(30)]
    await asyncio.gather(*(send(client, one) for one in ids))
    read: list[str] = []
    after = 0
    while len(read) < 30:
        document = (await client.get(f"/pages?after={after}&limit=7")).json()
        read += [one["page_id"] for one in document["pages"]]
        after = document["next_after"]
    assert sorted(read) == sorted(str(one) for one in ids)
    assert (await client.get(f"/pages?after={after}")).json()["pages"] == []
    waiting = asyncio.create_task(client.get(f"/pages?after={after}&wait_s=30"))
    await asyncio.sleep(0.2)
    begun = time.monotonic()
    late = uuid4()
    await send(client, late)
    assert [one["page_id"] for one in (await waiting).json()["pages"]] == [str(late)]
    assert time.monotonic() - begun < 20
    assert (await client.get("/pages?wait_s=31")).status_code == 422


async def test_an_unknown_page_is_a_404(client: httpx.AsyncClient) -> None:
    assert (await client.get(f"/pages/{uuid4()}")).status_code == 404
