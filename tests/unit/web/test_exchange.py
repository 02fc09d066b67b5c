"""A refresh token goes to identity once, whoever asks with it and however often."""

from __future__ import annotations

import asyncio
from collections import Counter

import pytest

from services.kit.problems import ProblemError, unavailable
from services.web.session.exchange import Exchange
from services.web.session.identity import Tokens


class Ledger:
    """Identity, as far as it matters: each token is followed by the next; one that comes twice is remembered."""

    def __init__(self) -> None:
        self.came: Counter[str] = Counter()
        self.away = False

    async def refresh(self, token: str, came_from: str) -> Tokens:
        """`r1` becomes `r2`."""
        self.came[token] += 1
        await asyncio.sleep(0)
        if self.away:
            raise unavailable("away")
        number = int(token[1:]) + 1
        return Tokens(access_token=f"a{number}", expires_in_s=600, refresh_token=f"r{number}")


@pytest.fixture
def ledger() -> Ledger:
    return Ledger()


async def test_tabs_that_ask_at_the_same_moment_get_the_same(ledger: Ledger) -> None:
    exchange = Exchange(ledger.refresh)
    both = await asyncio.gather(*(exchange.refresh("r1", "::1") for _ in range(5)))
    assert {tokens.refresh_token for tokens in both} == {"r2"}
    assert ledger.came == {"r1": 1}


async def test_who_comes_a_moment_late_gets_the_newest_and_uses_nothing_up(ledger: Ledger) -> None:
    exchange = Exchange(ledger.refresh)
    for token in ("r1", "r2", "r3"):
        await exchange.refresh(token, "::1")
    for late in ("r1", "r2", "r3"):
        assert (await exchange.refresh(late, "::1")).refresh_token == "r4"
    assert set(ledger.came.values()) == {1}


async def test_who_goes_away_in_the_middle_finds_the_successor_later(ledger: Ledger) -> None:
    exchange = Exchange(ledger.refresh)
    leaving = asyncio.create_task(exchange.refresh("r1", "::1"))
    await asyncio.sleep(0)
    leaving.cancel()
    assert (await exchange.refresh("r1", "::1")).refresh_token == "r2"
    assert ledger.came == {"r1": 1}


async def test_a_copy_that_comes_later_reaches_identity_which_ends_the_family(ledger: Ledger) -> None:
    exchange = Exchange(ledger.refresh, grace_s=0)
    await exchange.refresh("r1", "::1")
    await asyncio.sleep(0.01)
    assert not exchange.remembers("r1")
    await exchange.refresh("r1", "::1")
    assert ledger.came == {"r1": 2}


async def test_no_answer_is_not_kept(ledger: Ledger) -> None:
    exchange = Exchange(ledger.refresh)
    ledger.away = True
    for _ in range(2):
        with pytest.raises(ProblemError):
            await exchange.refresh("r1", "::1")
    ledger.away = False
    assert (await exchange.refresh("r1", "::1")).refresh_token == "r2"


@pytest.mark.parametrize("given_up", ["r1", "r2", "r3"])
async def test_after_signing_out_nothing_of_the_line_is_handed_out(ledger: Ledger, given_up: str) -> None:
    exchange = Exchange(ledger.refresh)
    for token in ("r1", "r2", "r7"):
        await exchange.refresh(token, "::1")
    exchange.forget(given_up)
    assert [token for token in ("r1", "r2", "r3", "r7") if exchange.remembers(token)] == ["r7"]
