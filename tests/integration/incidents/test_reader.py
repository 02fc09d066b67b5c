"""The reading program: bounded in time, apart from the service, and nobody gets another's answer."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from services.incidents.feeds.reader import Reader
from services.kit.problems import ProblemError
from tests.support.service_rig import ServiceRig
from tests.unit.incidents.builders import body
from tests.unit.incidents.intake.samples import AREA, cap, info

pytestmark = pytest.mark.integration
SMALL = cap().encode()
LARGE = cap(info(area=AREA.replace("valley", "v" * 900_000) * 15)).encode()


@pytest_asyncio.fixture
async def reader() -> AsyncIterator[Reader]:
    made = Reader()
    yield made
    made.end()


async def test_documents_are_read_one_after_the_other_by_one_program(reader: Reader) -> None:
    found = await asyncio.gather(*(reader.read("x", cap(identifier=f"A{n}").encode()) for n in range(4)))
    assert [f'"identifier":"A{n}"' in read.proposals[0] for n, read in enumerate(found)] == [True] * 4
    assert (await reader.read("x", b"<alert")).refused is not None


async def test_what_takes_too_long_is_refused_and_the_next_is_read() -> None:
    hasty = Reader(seconds_max=0.001)
    refused = await hasty.read("x", SMALL)
    assert refused.refused == ("file", "took longer than 0.001 s to read")
    hasty.seconds_max = 30
    assert (await hasty.read("x", SMALL)).refused is None
    hasty.end()


async def test_a_reader_that_dies_refuses_its_document_and_the_next_is_read(reader: Reader) -> None:
    await reader.read("x", SMALL)
    dying = asyncio.create_task(reader.read("x", LARGE))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert reader.process is not None
    reader.process.kill()
    assert (await dying).refused == ("file", "made its reader fail: too much to compute, or too large")
    assert (await reader.read("x", SMALL)).refused is None


async def test_who_gives_up_leaves_no_answer_for_the_next(reader: Reader) -> None:
    await reader.read("x", SMALL)
    impatient = asyncio.create_task(reader.read("x", LARGE))
    await asyncio.sleep(0.01)
    impatient.cancel()
    await asyncio.gather(impatient, return_exceptions=True)
    found = await reader.read("x", cap(identifier="next").encode())
    assert '"identifier":"next"' in found.proposals[0]


async def test_too_many_at_once_are_told_to_come_again() -> None:
    narrow = Reader(waiting_max=1)
    first, second = await asyncio.gather(narrow.read("x", SMALL), narrow.read("x", SMALL), return_exceptions=True)
    assert isinstance(second, ProblemError)
    assert (second.problem.status, isinstance(first, BaseException)) == (503, False)
    narrow.end()


async def test_declaring_goes_on_while_a_large_document_is_read(rig: ServiceRig) -> None:
    async with rig.client() as client:
        headers = {"Content-Type": "application/xml"}
        feed = asyncio.create_task(client.post("/incidents/feeds/met", content=LARGE, headers=headers))
        await asyncio.sleep(0.05)
        declared = 0
        began = time.monotonic()
        while not feed.done():
            response = await client.post(
                "/incidents", json=body(place={"lat_deg": 31, "lon_deg": 103 + declared / 1000})
            )
            assert response.status_code == 201
            declared += 1
            if time.monotonic() - began > 30:
                break
        assert (await feed).status_code == 200, (await feed).text
    assert declared >= 2, "the event loop was free in between"
