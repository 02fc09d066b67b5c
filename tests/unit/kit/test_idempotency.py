"""What makes two requests the same."""

from __future__ import annotations

from typing import Any

import pytest
from fastapi import Request

from services.kit.auth import Principal
from services.kit.entrance import PRINCIPAL, ROUTE
from services.kit.idempotency import HEADER, ClaimedKey, key_of
from services.kit.problems import ProblemError


def asked(
    key: str | None = "k", *, subject: str = "s", method: str = "POST", route: str = "/things/{id}",
    path: str = "/things/1", body: bytes = b"{}",
) -> ClaimedKey:  # fmt: skip
    headers = [] if key is None else [(HEADER.lower().encode(), key.encode("latin-1"))]
    principal = Principal(subject=subject, roles=frozenset(), areas=(), issuer="identity")
    scope = {"type": "http", "method": method, "path": path, "headers": headers, ROUTE: route, PRINCIPAL: principal}
    return key_of(Request(scope), body)


def test_the_same_request_has_the_same_key_and_makes_the_same_things() -> None:
    assert asked() == asked()
    assert (asked().subject, asked().route, asked().key) == ("s", "POST /things/{id}", "k")


@pytest.mark.parametrize(
    "difference",
    [{"key": "l"}, {"subject": "t"}, {"method": "PUT"}, {"route": "/things/{id}/parts"}, {"path": "/things/2"},
     {"body": b"[]"}],
    ids=lambda difference: next(iter(difference)),
)  # fmt: skip
def test_whatever_differs_makes_other_things(difference: dict[str, Any]) -> None:
    assert asked(**difference).command_id != asked().command_id


def test_the_same_key_for_another_object_or_body_is_told_apart() -> None:
    assert len({asked().body_sha256, asked(path="/things/2").body_sha256, asked(body=b"[]").body_sha256}) == 3


def test_without_a_key_every_request_is_its_own() -> None:
    assert asked(None).key is None
    assert asked(None).command_id != asked(None).command_id


@pytest.mark.parametrize("key", ["", " ", "a b", "a\tb", "\xe9", "x" * 201])
def test_what_cannot_be_a_key_is_refused(key: str) -> None:
    with pytest.raises(ProblemError) as refused:
        asked(key)
    assert (refused.value.problem.status, refused.value.problem.findings[0].where) == (422, f"header:{HEADER}")


def test_a_key_has_200_characters_at_most() -> None:
    assert asked("x" * 200).key == "x" * 200
