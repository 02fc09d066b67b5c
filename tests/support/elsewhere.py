"""Every route of a service that looks at areas, asked by an account of another area.

The rows of the policy table say which they are, so a route that is new is asked too.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any, Final

import httpx

from schemas.policy import rows_of

OUTSIDE: Final = "outside the areas of your account"


async def answers(
    service: str,
    account: Callable[..., AbstractAsyncContextManager[httpx.AsyncClient]],
    areas: Sequence[str],
    names: Mapping[str, object],
    bodies: Mapping[str, Mapping[str, Any]],
) -> dict[str, httpx.Response]:
    """What each route with a jurisdiction answers to all its roles at once in these areas. `account` makes a client
    of roles and areas, `names` fill the paths, `bodies` say by route what is sent, as httpx takes it."""
    found = {}
    for row in rows_of(service):
        if row.jurisdiction:
            route = f"{row.method} {row.path}"
            sent = bodies.get(route, {"json": {}} if row.method == "POST" else {})
            async with account(*row.roles, areas=areas) as client:
                found[route] = await client.request(row.method, row.path.format(**names), **sent)
    return found


def let_in(found: Mapping[str, httpx.Response]) -> dict[str, tuple[int, str]]:
    """The routes that did not refuse for the areas' sake, with what they answered instead."""
    return {
        route: (answer.status_code, answer.text)
        for route, answer in found.items()
        if answer.status_code != 403 or OUTSIDE not in answer.text
    }
