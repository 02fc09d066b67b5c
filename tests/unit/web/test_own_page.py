"""Only the console's own page may begin, renew or end a session."""

from __future__ import annotations

import pytest
from fastapi import Request

from services.kit.problems import ProblemError
from services.web.session.own_page import own_page

HOST = {"host": "console.example:8099"}
OWN = {"origin": "http://console.example:8099"}


def request(headers: dict[str, str]) -> Request:
    return Request({"type": "http", "headers": [(name.encode(), value.encode()) for name, value in headers.items()]})


@pytest.mark.parametrize("headers", [OWN, {"sec-fetch-site": "same-origin"}, OWN | {"sec-fetch-site": "same-origin"}])
async def test_the_own_page_may(headers: dict[str, str]) -> None:
    await own_page(request(HOST | headers))


@pytest.mark.parametrize(
    "headers",
    [
        {}, {"origin": "null"}, {"origin": "http://elsewhere.example"}, {"origin": "http://console.example:8100"},
        {"origin": "http://console.example:8099.elsewhere.example"}, {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"}, {"sec-fetch-site": "none"}, OWN | {"sec-fetch-site": "same-site"},
    ],
)  # fmt: skip
async def test_nobody_else_may(headers: dict[str, str]) -> None:
    with pytest.raises(ProblemError) as refused:
        await own_page(request(HOST | headers))
    assert refused.value.problem.status == 403
