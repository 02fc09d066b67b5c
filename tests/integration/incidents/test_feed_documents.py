"""Documents at the edge: what the sender says of their encoding, and their size, through the whole service."""

from __future__ import annotations

import codecs
import gzip
from collections.abc import AsyncIterator
from typing import Final

import httpx
import pytest

from services.incidents.intake.model import FILE_BYTES_MAX
from services.kit.entrance import HEARD_OUT_BYTES_MAX
from tests.integration.incidents.test_feeds import flood
from tests.support.served import served
from tests.support.service_rig import ServiceRig

pytestmark = pytest.mark.integration
PIECE: Final = 64 * 1024
CHINESE: Final = flood("A", 1).decode().replace("Flood", "洪水预警")


async def send(
    rig: ServiceRig, content: bytes | AsyncIterator[bytes], media_type: str = "application/xml", **headers: str
) -> httpx.Response:
    async with rig.client() as client:
        said = {"Content-Type": media_type, **headers}
        return await client.post("/incidents/feeds/met", content=content, headers=said)


async def test_the_charset_of_the_media_type_is_read(rig: ServiceRig) -> None:
    first = await send(rig, CHINESE.encode("gb18030"), "application/xml; charset=gb18030")
    assert first.status_code == 200, first.text
    assert any("gb18030" in line for line in first.json()["warnings"])
    (one,) = first.json()["proposals"]
    again = (await send(rig, CHINESE.encode())).json()["proposals"]
    assert [(two["proposal_id"], two["outcome"]) for two in again] == [(one["proposal_id"], "unchanged")]


@pytest.mark.parametrize("charset", ["gb18030", "iso-8859-1", "utf-32", "x-none"])
@pytest.mark.parametrize(("mark", "encoding"), [(codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le")])
async def test_a_mark_is_believed_against_the_charset(
    rig: ServiceRig, mark: bytes, encoding: str, charset: str
) -> None:
    marked = await send(rig, mark + CHINESE.encode(encoding), f"application/xml; charset={charset}")
    plain = await send(rig, CHINESE.encode())
    assert (marked.status_code, plain.status_code) == (200, 200)
    assert [one["outcome"] for one in plain.json()["proposals"]] == ["unchanged"]


@pytest.mark.parametrize("charset", ["big5", "us-ascii", "x-none", "utf-16", "rot13"])
async def test_a_charset_that_does_not_fit_or_is_not_read_is_refused(rig: ServiceRig, charset: str) -> None:
    data = "<a>\u3400\U00020000洪水预警</a>".encode("gb18030")
    response = await send(rig, data, f"application/xml; charset={charset}")
    assert response.status_code == 422
    (problem,) = response.json()["problems"]
    assert problem["where"] == "encoding"
    assert charset in problem["what"]
    assert await rig.count("feed_messages") == 0


def of_size(size: int) -> bytes:
    """A message of exactly so many bytes. Its spaces are in pieces: a run of 10 MB is not read as XML."""
    text = flood("A", 1)
    piece = b"<!--" + b" " * PIECE + b"-->"
    text += piece * ((size - len(text)) // len(piece))
    return text + b" " * (size - len(text))


class Sent:
    """A body in pieces without a length, that counts what was taken of it."""

    def __init__(self, data: bytes) -> None:
        self.taken = 0
        self._data = data

    async def pieces(self) -> AsyncIterator[bytes]:
        for begin in range(0, len(self._data), PIECE):
            self.taken += PIECE
            yield self._data[begin : begin + PIECE]


@pytest.mark.parametrize("chunked", [False, True])
async def test_a_document_of_the_most_bytes_is_taken_and_of_one_more_is_not(rig: ServiceRig, chunked: bool) -> None:
    over, most = of_size(FILE_BYTES_MAX + 1), of_size(FILE_BYTES_MAX)
    refused = await send(rig, Sent(over).pieces() if chunked else over)
    assert refused.status_code == 413, refused.text
    assert str(FILE_BYTES_MAX) in refused.json()["detail"]
    assert await rig.count("feed_messages") == 0
    taken = await send(rig, Sent(most).pieces() if chunked else most)
    assert taken.status_code == 200, taken.text
    assert [one["outcome"] for one in taken.json()["proposals"]] == ["new"]


@pytest.mark.parametrize("chunked", [False, True])
async def test_who_sends_too_much_over_a_socket_hears_so(rig: ServiceRig, chunked: bool) -> None:
    over = of_size(2 * FILE_BYTES_MAX)
    said = {"Content-Type": "application/xml"}
    async with served(rig) as client:
        refused = await client.post(
            "/incidents/feeds/met", content=Sent(over).pieces() if chunked else over, headers=said
        )
        assert refused.status_code == 413, refused.text
        assert (await client.post("/incidents/feeds/met", content=flood("A", 1), headers=said)).status_code == 200
    assert await rig.count("feed_messages") == 1


async def test_who_sends_without_end_is_cut_off(rig: ServiceRig) -> None:
    borne = FILE_BYTES_MAX + HEARD_OUT_BYTES_MAX
    sent = Sent(b" " * (2 * borne))
    assert (await send(rig, sent.pieces())).status_code == 413
    assert sent.taken <= borne + 2 * PIECE
    assert await rig.count("feed_messages") == 0


@pytest.mark.parametrize("coding", ["gzip", "br", "identity, gzip"])
async def test_a_compressed_document_is_refused_by_its_header(rig: ServiceRig, coding: str) -> None:
    refused = await send(rig, gzip.compress(flood("A", 1)), **{"Content-Encoding": coding})
    assert refused.status_code == 415, refused.text
    assert [problem["where"] for problem in refused.json()["problems"]] == ["header:Content-Encoding"]
    assert refused.headers["Accept-Encoding"] == "identity"
    assert await rig.count("feed_messages") == 0
    plain = await send(rig, flood("A", 1), **{"Content-Encoding": "identity"})
    assert plain.status_code == 200
