"""An account of another area reads and changes nothing here, by whatever route."""

from __future__ import annotations

from typing import Any, Final

import pytest

from tests.integration.incidents.test_api import declare
from tests.integration.incidents.test_feeds import flood, proposal_id_of
from tests.integration.incidents.test_lifecycle import shown
from tests.support.elsewhere import answers, let_in
from tests.support.service_rig import ServiceRig
from tests.unit.incidents.builders import NEED, body

pytestmark = pytest.mark.integration
ELSEWHERE: Final = ["610000"]


def bodies(other: str) -> dict[str, dict[str, Any]]:
    """What each route is sent; `other` is another incident."""
    return {
        f"POST /incidents{path}": {"json": {"reason": "r", **said}}
        for path, said in (
            ("/{incident_id}/needs", {"needs": [NEED]}),
            ("/{incident_id}/level", {"level": "II"}),
            ("/{incident_id}/area", {"area_codes": ELSEWHERE}),
            ("/{incident_id}/phase", {"phase": "recovery"}),
            ("/{incident_id}/merge", {"into": other}),
            ("/{incident_id}/different", {"other": other}),
            ("/{incident_id}/reopen", {}),
            ("/{incident_id}/close", {}),
            ("/proposals/{proposal_id}/accept", {"area_codes": ELSEWHERE}),
            ("/proposals/{proposal_id}/dismiss", {}),
        )
    } | {"POST /incidents": {"json": body()}}


async def populated(rig: ServiceRig) -> tuple[dict[str, str], dict[str, dict[str, Any]]]:
    """A proposal and an incident, by the names of the paths, with another one; and what is sent."""
    names = {"proposal_id": await proposal_id_of(rig, flood("A", 1)), "incident_id": await declare(rig)}
    return names, bodies(await declare(rig))


async def test_an_account_of_another_area_is_refused_everywhere_and_changes_nothing(rig: ServiceRig) -> None:
    names, sent = await populated(rig)
    paths = (f"proposals/{names['proposal_id']}", names["incident_id"])
    before = [await shown(rig, path) for path in paths], len(await rig.emitted())
    assert let_in(await answers("incidents", rig.client, ELSEWHERE, names, sent)) == {}
    assert ([await shown(rig, path) for path in paths], len(await rig.emitted())) == before


async def test_an_account_of_the_area_is_let_in_everywhere(rig: ServiceRig) -> None:
    names, sent = await populated(rig)
    found = await answers("incidents", rig.client, ["510000", *ELSEWHERE], names, sent)
    assert let_in(found).keys() == found.keys()


async def test_what_is_ones_own_takes_in_nothing_of_another_area(rig: ServiceRig) -> None:
    mine, other = await declare(rig, area_codes=ELSEWHERE), await declare(rig)
    wanted = {"area": {"area_codes": [*ELSEWHERE, "510000"]}, "merge": {"into": other}, "different": {"other": other}}
    async with rig.client(areas=ELSEWHERE) as client:
        for path, said in wanted.items():
            answer = await client.post(f"/incidents/{mine}/{path}", json={"reason": "r", **said})
            assert answer.status_code == 403, path
    proposal_id = await proposal_id_of(rig, flood("A", 1))
    async with rig.client(areas=["510000"]) as client:
        answer = await client.post(f"/incidents/proposals/{proposal_id}/accept", json={"attach_to": mine})
    assert answer.status_code == 403
