"""Sign-in, refresh, keys and accounts over HTTP on a real PostgreSQL."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from services.identity.app import ensure_first_account
from services.identity.passwords import Passwords
from tests.support.identity_rig import PASSWORD, Rig, identity_rig

pytestmark = pytest.mark.integration


@pytest.fixture
async def rig(make_database: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Rig]:
    async with identity_rig(make_database, tmp_path, monkeypatch) as made:
        yield made


async def test_the_first_account_is_made_once(rig: Rig) -> None:
    await asyncio.gather(*(ensure_first_account(rig.runtime, rig.settings, Passwords(at_once=1, waiting_max=5))
                           for _ in range(5)))  # fmt: skip
    accounts = (await rig.client.get("/identity/accounts", headers=await rig.admin())).json()
    assert [(a["name"], a["areas"], a["roles"]) for a in accounts] == [
        ("admin", ["*"], ["administrator", "duty-officer"])
    ]


async def test_signing_in_gives_a_token_that_everybody_can_verify(rig: Rig) -> None:
    response = await rig.sign_in()
    assert response.status_code == 200
    assert response.headers["cache-control"] == "no-store"
    document = response.json()
    assert (document["token_type"], document["expires_in_s"]) == ("Bearer", 600)
    principal = rig.signing.verifier.verify(document["access_token"])
    assert principal.areas == ("*",)
    assert principal.expires_at is not None
    assert principal.expires_at - rig.clock.now() <= timedelta(minutes=10)


async def test_a_form_is_as_good_as_json(rig: Rig) -> None:
    form = {"grant_type": "password", "name": "admin", "password": PASSWORD}
    assert (await rig.client.post("/identity/tokens", data=form)).status_code == 200


async def test_a_refusal_does_not_say_what_was_wrong_nor_how_soon(rig: Rig) -> None:
    await rig.sign_in("nobody", "x")  # makes the hash that nobody has
    answers, times = [], []
    for name in ("admin", "nobody"):
        begun = time.perf_counter()
        answers.append(await rig.sign_in(name, "wrong"))
        times.append(time.perf_counter() - begun)
    bodies = [{k: v for k, v in answer.json().items() if k != "instance"} for answer in answers]
    assert [answer.status_code for answer in answers] == [401, 401]
    assert bodies[0] == bodies[1]
    assert min(times) > 0.005  # both have worked on a hash


async def test_guessing_is_slowed_down_for_real_and_invented_names_alike(rig: Rig) -> None:
    for name in ("admin", "nobody"):
        statuses = [(await rig.sign_in(name, "wrong")).status_code for _ in range(6)]
        assert statuses == [401] * 5 + [429]
    locked = await rig.sign_in()
    assert locked.status_code == 429  # the right password too, or guessing would go on
    assert 1 <= int(locked.headers["retry-after"]) <= 2
    rig.clock.advance(timedelta(seconds=3))
    assert (await rig.sign_in()).status_code == 200
    assert [(await rig.sign_in("admin", "wrong")).status_code for _ in range(4)] == [401] * 4  # counted anew


async def test_an_address_is_slowed_down_whatever_names_it_tries(rig: Rig) -> None:
    statuses = [(await rig.sign_in(f"name {n}", "wrong")).status_code for n in range(21)]
    assert statuses == [401] * 20 + [429]


async def test_a_refresh_token_is_used_up_and_its_reuse_ends_the_family(rig: Rig) -> None:
    first = (await rig.sign_in()).json()["refresh_token"]
    second = (await rig.token(grant_type="refresh_token", refresh_token=first)).json()["refresh_token"]
    assert second != first
    third = (await rig.token(grant_type="refresh_token", refresh_token=second)).json()["refresh_token"]
    assert (await rig.token(grant_type="refresh_token", refresh_token=first)).status_code == 401
    assert (await rig.token(grant_type="refresh_token", refresh_token=third)).status_code == 401
    assert (await rig.sign_in()).status_code == 200


async def test_of_two_uses_at_once_one_wins(rig: Rig) -> None:
    token = (await rig.sign_in()).json()["refresh_token"]
    both = await asyncio.gather(*(rig.token(grant_type="refresh_token", refresh_token=token) for _ in range(2)))
    assert sorted(response.status_code for response in both) == [200, 401]


@pytest.mark.parametrize("which", ["first", "second"])
async def test_signing_out_ends_the_whole_family_by_any_of_its_tokens(rig: Rig, which: str) -> None:
    tokens = {"first": (await rig.sign_in()).json()["refresh_token"]}
    tokens["second"] = (await rig.refresh(tokens["first"])).json()["refresh_token"]
    other = (await rig.sign_in()).json()["refresh_token"]
    ended = await rig.client.post("/identity/tokens/revocation", json={"token": tokens[which]})
    assert (ended.status_code, ended.content, ended.headers["cache-control"]) == (200, b"", "no-store")
    assert (await rig.refresh(tokens["second"])).status_code == 401
    assert (await rig.refresh(other)).status_code == 200, "another sign-in of the same account goes on"


async def test_signing_out_while_a_token_is_refreshed_leaves_none(rig: Rig) -> None:
    for _ in range(5):
        token = (await rig.sign_in()).json()["refresh_token"]
        refreshed, _ = await asyncio.gather(
            rig.refresh(token), rig.client.post("/identity/tokens/revocation", json={"token": token})
        )
        if refreshed.status_code == 200:
            assert (await rig.refresh(refreshed.json()["refresh_token"])).status_code == 401


async def test_giving_up_what_is_unknown_is_no_fault_and_what_is_no_token_is(rig: Rig) -> None:
    form = {"token": "trr_unknown", "token_type_hint": "refresh_token"}
    assert (await rig.client.post("/identity/tokens/revocation", data=form)).status_code == 200
    empty = await rig.client.post("/identity/tokens/revocation", json={})
    assert (empty.status_code, empty.json()["problems"][0]["where"]) == (422, "/token")


async def test_a_refresh_token_ends(rig: Rig) -> None:
    token = (await rig.sign_in()).json()["refresh_token"]
    rig.clock.advance(timedelta(days=15))
    assert (await rig.token(grant_type="refresh_token", refresh_token=token)).status_code == 401


async def test_an_account_is_made_used_and_disabled(rig: Rig) -> None:
    headers = await rig.admin()
    body = {"name": "四川 值班", "password": "another long password", "roles": ["duty-officer"], "areas": ["510000"]}
    made = await rig.client.post("/identity/accounts", json=body, headers=headers)
    assert made.status_code == 201
    again = await rig.client.post("/identity/accounts", json=body, headers=headers)
    assert (again.status_code, again.json()["problems"][0]["where"]) == (409, "/name")
    signed_in = (await rig.sign_in("四川 值班", "another long password")).json()
    assert rig.signing.verifier.verify(signed_in["access_token"]).areas == ("510000",)
    gone = await rig.client.delete(f"/identity/accounts/{made.json()['account_id']}", headers=headers)
    assert gone.status_code == 204
    assert (await rig.sign_in("四川 值班", "another long password")).status_code == 401
    refresh = await rig.token(grant_type="refresh_token", refresh_token=signed_in["refresh_token"])
    assert refresh.status_code == 401


async def test_the_last_administrator_stays(rig: Rig) -> None:
    headers = await rig.admin()
    account_id = (await rig.client.get("/identity/accounts", headers=headers)).json()[0]["id"]
    assert (await rig.client.delete(f"/identity/accounts/{account_id}", headers=headers)).status_code == 409
    assert (await rig.client.delete(f"/identity/accounts/{'0' * 8}-0000-0000-0000-{'0' * 12}", headers=headers)
            ).status_code == 404  # fmt: skip


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"password": "short"}, "/password"), ({"roles": []}, "/roles"), ({"roles": ["emperor"]}, "/roles/0"),
        ({"areas": ["51"]}, "/areas/0"), ({"name": " "}, "/name"), ({"admin": True}, "/admin"),
    ],
)  # fmt: skip
async def test_a_wrong_account_is_pointed_at(rig: Rig, change: dict[str, Any], where: str) -> None:
    body = {"name": "n", "password": "another long password", "roles": ["viewer"], "areas": []} | change
    response = await rig.client.post("/identity/accounts", json=body, headers=await rig.admin())
    assert response.status_code == 422
    assert response.json()["problems"][0]["where"] == where
    assert "short" not in response.text.replace("shorter", "")


async def test_an_api_key_is_shown_once_exchanged_and_revoked(rig: Rig) -> None:
    headers = await rig.admin()
    body = {"label": "map wall", "roles": ["viewer"], "areas": ["510000"],
            "expires_at": (rig.clock.now() + timedelta(days=30)).isoformat()}  # fmt: skip
    made = (await rig.client.post("/identity/api-keys", json=body, headers=headers)).json()
    listed = await rig.client.get("/identity/api-keys", headers=headers)
    assert made["api_key"] not in listed.text
    assert listed.json()[0]["prefix"] == made["prefix"]
    stored = await rig.pool.fetchrow("SELECT * FROM api_keys")
    assert made["api_key"].rpartition("_")[2] not in str(dict(stored))
    exchanged = (await rig.token(grant_type="client_credentials", api_key=made["api_key"])).json()
    assert exchanged["refresh_token"] is None
    assert rig.signing.verifier.verify(exchanged["access_token"]).areas == ("510000",)
    assert (await rig.client.delete(f"/identity/api-keys/{made['id']}", headers=headers)).status_code == 204
    assert (await rig.token(grant_type="client_credentials", api_key=made["api_key"])).status_code == 401


async def test_an_api_key_ends(rig: Rig) -> None:
    headers = await rig.admin()
    body = {"label": "x", "roles": ["viewer"], "expires_at": (rig.clock.now() + timedelta(days=1)).isoformat()}
    made = (await rig.client.post("/identity/api-keys", json=body, headers=headers)).json()
    rig.clock.advance(timedelta(days=2))
    assert (await rig.token(grant_type="client_credentials", api_key=made["api_key"])).status_code == 401
    late = body | {"expires_at": (rig.clock.now() + timedelta(days=4000)).isoformat()}
    refused = await rig.client.post("/identity/api-keys", json=late, headers=await rig.admin())
    assert refused.json()["problems"][0]["where"] == "/expires_at"


@pytest.mark.parametrize(
    "body", [{}, {"grant_type": "magic"}, {"grant_type": "password", "name": "a"}, [], "x", {"grant_type": 5}]
)
async def test_a_wrong_sign_in_is_a_422(rig: Rig, body: Any) -> None:
    assert (await rig.client.post("/identity/tokens", json=body)).status_code == 422
