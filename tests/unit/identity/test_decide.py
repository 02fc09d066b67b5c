"""How sign-in is slowed down, and what a refresh token is worth."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from services.identity.decide import (
    ACCOUNT_FREE_FAILURES,
    LOCK_MAX,
    RefreshState,
    RefreshVerdict,
    decide_refresh,
    lock_after,
)
from services.identity.secrets_made import is_same, make_api_key, make_refresh_token, prefix_of

NOW = datetime(2026, 1, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)


def test_waits_double_after_the_free_failures_up_to_a_bound() -> None:
    waits = [lock_after(failures, ACCOUNT_FREE_FAILURES).total_seconds() for failures in range(1, 9)]
    assert waits == [0, 0, 0, 0, 2, 4, 8, 16]
    assert lock_after(10_000, ACCOUNT_FREE_FAILURES) == LOCK_MAX


def state(**changes: datetime | None) -> RefreshState:
    whole = {"expires_at": NOW + HOUR, "used_at": None, "revoked_at": None, "account_disabled_at": None} | changes
    return RefreshState(**whole)  # type: ignore[arg-type]  # one value type for four fields


@pytest.mark.parametrize(
    ("found", "verdict"),
    [
        pytest.param(state(), RefreshVerdict.ROTATE, id="fresh"),
        pytest.param(None, RefreshVerdict.REFUSE, id="never issued"),
        pytest.param(state(expires_at=NOW), RefreshVerdict.REFUSE, id="expired"),
        pytest.param(state(revoked_at=NOW - HOUR), RefreshVerdict.REFUSE, id="revoked"),
        pytest.param(state(account_disabled_at=NOW - HOUR), RefreshVerdict.REFUSE, id="account disabled"),
        pytest.param(state(used_at=NOW - HOUR), RefreshVerdict.STOLEN, id="used before"),
        pytest.param(state(used_at=NOW - HOUR, expires_at=NOW), RefreshVerdict.STOLEN, id="used before and expired"),
    ],
)
def test_what_a_refresh_token_is_worth(found: RefreshState | None, verdict: RefreshVerdict) -> None:
    assert decide_refresh(found, NOW) is verdict


def test_secrets_are_kept_as_hashes_and_found_by_their_prefix() -> None:
    prefix, made = make_api_key()
    assert prefix_of(made.text) == prefix
    assert is_same(made.text, made.sha256)
    assert not is_same(made.text + "x", made.sha256)
    assert made.text.encode() not in made.sha256
    for wrong in ("", prefix, made.text[:-1], made.text + "\n", make_refresh_token().text):
        assert prefix_of(wrong) is None
