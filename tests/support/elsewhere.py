"""Every route of a service that looks at areas, asked by an account of another area.

The rows of the policy table say which they are, so a route that is new is asked too.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, Final

import httpx

from schemas.policy import rows_of
from tests.support.service_rig import ServiceRig

OUTSIDE: Final = "outside the areas of your account"


async def answers(
    rig: ServiceRig, names: Mapping[str, object], bodies: Mapping[str, Mapping[str, Any]], areas: Collection[str]
) -> dict[str, httpx.Response]:
    """What each route with a jurisdiction answers to all its roles at once in these areas. `names` fill the paths,
    `bodies` say by route what is sent (`{}` as JSON if nothing is said), as httpx takes it."""
    found = {}
    for row in rows_of(rig.service.name):
        if row.jurisdiction:
            route = f"{row.method} {row.path}"
            sent = bodies.get(route, {"json": {}} if row.method == "POST" else {})
            async with rig.client(*row.roles, areas=tuple(areas)) as client:
                found[route] = await client.request(row.method, row.path.format(**names), **sent)
    return found


def let_in(found: Mapping[str, httpx.Response]) -> dict[str, tuple[int, str]]:
    """The routes that did not refuse for the areas' sake, with what they answered instead."""
    return {
        route: (answer.status_code, answer.text)
        for route, answer in found.items()
        if answer.status_code != 403 or OUTSIDE not in answer.text
    }
