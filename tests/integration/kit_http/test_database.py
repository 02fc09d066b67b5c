"""Pool, codecs, migrations and idempotency keys on a real PostgreSQL."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest

from services.kit import db
from services.kit.db import is_transient
from services.kit.idempotency import Answer, ClaimedKey, sweep
from services.kit.migrate import KIT_FOLDER, MigrationError, migrate
from services.kit.problems import ProblemError
from services.kit.settings import KitSettings

pytestmark = pytest.mark.integration
NAME = "registry"
KIT = [f"kit/{path.stem}" for path in sorted(KIT_FOLDER.glob("*.sql"))]


@pytest.fixture
def dsn(make_database: Callable[..., Any]) -> str:
    return str(make_database(NAME).dsn(NAME))


@pytest.fixture
async def pool(dsn: str) -> AsyncIterator[Any]:
    made = await db.create_pool(dsn, NAME, KitSettings(lock_timeout_ms=200, statement_timeout_ms=2_000))
    yield made
    await made.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "0001_things.sql").write_text("CREATE TABLE things (id uuid PRIMARY KEY, facts jsonb)")
    return tmp_path


async def apply(pool: Any, folder: Path) -> list[str]:
    async with pool.acquire() as connection:
        return await migrate(connection, NAME, folder)


async def test_values_come_back_as_they_went(pool: Any, folder: Path) -> None:
    await apply(pool, folder)
    one = uuid4()
    await pool.execute("INSERT INTO things VALUES ($1, $2)", one, {"names": ["汶川"], "depth_km": 19.0})
    row = await pool.fetchrow("SELECT * FROM things")
    assert type(row["id"]) is UUID
    assert dict(row) == {"id": one, "facts": {"names": ["汶川"], "depth_km": 19.0}}


async def test_a_session_is_bounded_and_named(pool: Any) -> None:
    shown = {name: await pool.fetchval(f"SHOW {name}") for name in (
        "application_name", "search_path", "statement_timeout", "lock_timeout", "timezone",
        "idle_in_transaction_session_timeout")}  # fmt: skip
    assert shown == {
        "application_name": "thirdrescue-registry", "search_path": NAME, "statement_timeout": "2s",
        "lock_timeout": "200ms", "timezone": "UTC", "idle_in_transaction_session_timeout": "30s",
    }  # fmt: skip


async def test_migrations_are_applied_once_kit_first(pool: Any, folder: Path) -> None:
    assert await apply(pool, folder) == [*KIT, "service/0001_things"]
    assert await apply(pool, folder) == []
    (folder / "0002_more.sql").write_text("ALTER TABLE things ADD name text; CREATE INDEX things_name ON things (name)")
    assert await apply(pool, folder) == ["service/0002_more"]


async def test_ten_starts_at_once_apply_each_migration_once(dsn: str, folder: Path) -> None:
    async def start() -> list[str]:
        connection = await db.connect(dsn, NAME, KitSettings())
        try:
            return await migrate(connection, NAME, folder)
        finally:
            await connection.close()

    done = await asyncio.gather(*(start() for _ in range(10)))
    assert sorted(name for names in done for name in names) == [*KIT, "service/0001_things"]


async def test_edited_history_changes_nothing(pool: Any, folder: Path) -> None:
    await apply(pool, folder)
    (folder / "0001_things.sql").write_text("CREATE TABLE others (id uuid)")
    (folder / "0002_more.sql").write_text("CREATE TABLE more (id uuid)")
    with pytest.raises(MigrationError, match="0001_things was changed"):
        await apply(pool, folder)
    assert await pool.fetchval("SELECT to_regclass('more')") is None


async def test_a_migration_that_fails_leaves_nothing_of_itself(pool: Any, folder: Path) -> None:
    (folder / "0002_wrong.sql").write_text("CREATE TABLE half (id uuid); SELECT nonsense")
    with pytest.raises(asyncpg.UndefinedColumnError):
        await apply(pool, folder)
    assert await pool.fetchval("SELECT to_regclass('half')") is None
    (folder / "0002_wrong.sql").write_text("CREATE TABLE half (id uuid)")
    assert await apply(pool, folder) == ["service/0002_wrong"]


async def test_faults_that_pass_are_told_from_those_that_stay(pool: Any, folder: Path) -> None:
    await apply(pool, folder)
    async with pool.acquire() as one, pool.acquire() as two, one.transaction():
        await one.execute("LOCK TABLE things")
        with pytest.raises(asyncpg.LockNotAvailableError) as locked:
            await two.execute("INSERT INTO things VALUES ($1)", uuid4())
        with pytest.raises(asyncpg.QueryCanceledError) as slow:
            await two.execute("SELECT pg_sleep(5)")
    assert is_transient(locked.value)
    assert is_transient(slow.value)
    with pytest.raises(asyncpg.ConnectionDoesNotExistError) as killed:
        await pool.execute("SELECT pg_terminate_backend(pg_backend_pid())")
    assert is_transient(killed.value)
    assert await db.is_reachable(pool)
    for wrong in ("SELECT 1/0", "SELECT nonsense", "INSERT INTO things VALUES (NULL)"):
        with pytest.raises(asyncpg.PostgresError) as stays:
            await pool.execute(wrong)
        assert not is_transient(stays.value)
    with pytest.raises(asyncpg.DataError) as argument:
        await pool.execute("SELECT $1::int", "x")
    assert not is_transient(argument.value)
    with pytest.raises(OSError, match=r"Connect call failed") as refused:
        await asyncpg.connect("postgresql://x@127.0.0.1:1/x")
    assert is_transient(refused.value)


def keyed(body: bytes, key: str | None = "k-1", subject: str = "s") -> ClaimedKey:
    return ClaimedKey(subject=subject, route="POST /x", key=key, body_sha256=body, command_id=uuid4())


ANSWER = Answer.of(201, {"id": 7})


async def test_the_same_request_gets_the_stored_answer(pool: Any, folder: Path) -> None:
    await apply(pool, folder)
    async with pool.acquire() as connection:
        assert await keyed(b"a").claim(connection, ANSWER) is None
        replay = await keyed(b"a").claim(connection, Answer.of(201, {"id": 8}))
        assert replay is not None
        assert (replay.status_code, bytes(replay.body)) == (201, b'{"id":7}')
        assert replay.headers["idempotent-replay"] == "true"
        with pytest.raises(ProblemError) as reused:
            await keyed(b"b").claim(connection, ANSWER)
        assert (reused.value.problem.status, reused.value.problem.kind) == (422, "idempotency-key-reused")
        assert await keyed(b"b", subject="t").claim(connection, Answer.of(201, {"id": 9})) is None
        for subject, body, stored in (("s", b"a", b'{"id":7}'), ("t", b"b", b'{"id":9}')):
            own = await keyed(body, subject=subject).claim(connection, ANSWER)
            assert own is not None
            assert bytes(own.body) == stored
        assert await keyed(b"b", key=None).claim(connection, ANSWER) is None
        for _ in range(2):
            text = await keyed(b"", key="k-2").claim(connection, Answer(200, b"x", "text/calendar"))
        assert text is not None
        assert text.headers["content-type"].startswith("text/calendar")


async def test_of_two_requests_at_once_the_second_waits_for_the_first(dsn: str, folder: Path) -> None:
    pool = await db.create_pool(dsn, NAME, KitSettings())
    await apply(pool, folder)
    done: list[str] = []
    claimed = asyncio.Event()

    async def request(name: str, wait_s: float) -> str:
        async with pool.acquire() as connection, connection.transaction():
            key = keyed(b"a")
            if (replay := await key.claim(connection)) is not None:
                return bytes(replay.body).decode()
            done.append(name)
            claimed.set()
            await asyncio.sleep(wait_s)
            await key.complete(connection, Answer.of(201, name))
            return name

    first = asyncio.create_task(request("first", 0.2))
    await claimed.wait()
    answers = await asyncio.gather(first, *(request(f"later {n}", 0) for n in range(5)))
    assert done == ["first"]
    assert answers == ["first", *['"first"'] * 5]
    await pool.close()


async def test_a_request_that_failed_kept_nothing(pool: Any, folder: Path) -> None:
    await apply(pool, folder)

    async def fail() -> None:
        async with pool.acquire() as connection, connection.transaction():
            await keyed(b"a").claim(connection, ANSWER)
            raise RuntimeError("boom")

    with pytest.raises(RuntimeError, match="boom"):
        await fail()
    async with pool.acquire() as connection:
        assert await keyed(b"b").claim(connection, ANSWER) is None


async def test_old_keys_are_forgotten_so_many_at_once(pool: Any, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.kit.idempotency._SWEEP_ROWS_MAX", 2)
    await apply(pool, folder)
    async with pool.acquire() as connection:
        for number in range(3):
            await keyed(b"a", key=f"k-{number}").claim(connection, ANSWER)
    now = datetime.now(UTC)
    assert await sweep(pool, now + timedelta(hours=47)) == 0
    assert [await sweep(pool, now + timedelta(hours=49)) for _ in range(3)] == [2, 1, 0]
