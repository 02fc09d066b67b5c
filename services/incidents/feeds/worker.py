"""The program that reads documents, apart from the service: what a hostile file does to it, it does to nobody else.

Documents come in and readings go out through pipes. The program ends when its input does. It is nice to the service,
may not grow beyond `MEMORY_BYTES_MAX` and has `SECONDS_MAX` of a processor for a document.
"""

from __future__ import annotations

import math
import os
import resource
import sys
import time
from dataclasses import replace
from typing import BinaryIO, Final

import shapely
from shapely.geometry import mapping, shape

from schemas.values import MultiPolygonGeometry, PolygonGeometry
from services.incidents.extent import CONTOUR_VERTICES_MAX
from services.incidents.feeds.model import Read
from services.incidents.feeds.pipe import ANSWER, REQUEST
from services.incidents.feeds.texts import text_of
from services.incidents.geometry import vertices_of
from services.incidents.intake.proposal import Contour, Proposal
from services.incidents.intake.propose import propose
from services.incidents.intake.read import read

MEMORY_BYTES_MAX: Final = 3 * 1024**3
"""Of address space; libraries take a good part of it without using it."""
SECONDS_MAX: Final = 60
"""Of processor time for one document: the largest need about ten."""
_NICE: Final = 10
_TOLERANCES_DEG: Final = (0.001, 0.004, 0.016, 0.064, 0.256, 1.0)


def main() -> None:
    """Read documents until the input ends."""
    os.nice(_NICE)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES_MAX, MEMORY_BYTES_MAX))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    source, sink = sys.stdin.buffer, sys.stdout.buffer
    while (header := source.read(REQUEST.size)) and len(header) == REQUEST.size:
        name_bytes, charset_bytes, data_bytes = REQUEST.unpack(header)
        name = source.read(name_bytes).decode("utf-8", "replace")
        charset = source.read(charset_bytes).decode("utf-8", "replace") or None
        data = source.read(data_bytes)
        _allow(SECONDS_MAX)
        _send(sink, read_document(name, data, charset).model_dump_json().encode())


def _allow(seconds: int) -> None:
    """So much processor time from now on; the kernel ends the program after it, whatever it is doing."""
    end = math.ceil(time.process_time()) + seconds
    resource.setrlimit(resource.RLIMIT_CPU, (end, resource.getrlimit(resource.RLIMIT_CPU)[1]))


def _send(sink: BinaryIO, answer: bytes) -> None:
    sink.write(ANSWER.pack(len(answer)) + answer)
    sink.flush()


def read_document(name: str, data: bytes, charset: str | None = None) -> Read:
    """What a document proposes."""
    reading = read(name, data, charset=charset)
    refused = None if reading.refused is None else (reading.refused.where, reading.refused.why)
    proposals = () if refused else tuple(_kept(text_of(lighter(proposal))) for proposal in propose(reading))
    return Read(
        format=reading.format, alerts=len(reading.alerts), refused=refused, warnings=reading.warnings,
        proposals=proposals,
    )  # fmt: skip


def _kept(text: str) -> str:
    """Without the character that PostgreSQL cannot hold; JSON writes it as an escape."""
    return text.replace("\\u0000", "\\ufffd")


def lighter(proposal: Proposal) -> Proposal:
    """With contours of no more positions than a declaration takes; the gravest stay the finest."""
    for tolerance_deg in _TOLERANCES_DEG:
        if _positions(proposal) <= CONTOUR_VERTICES_MAX:
            return proposal
        contours = (_simpler(contour, tolerance_deg) for contour in proposal.contours)
        proposal = replace(proposal, contours=tuple(contour for contour in contours if contour is not None))
    strongest = sorted(proposal.contours, key=lambda contour: -contour.intensity)
    while _positions(proposal) > CONTOUR_VERTICES_MAX:
        strongest.pop()
        proposal = replace(proposal, contours=tuple(strongest))
    return proposal


def _positions(proposal: Proposal) -> int:
    return sum(vertices_of(contour.shape) for contour in proposal.contours if contour.shape.type != "Point")


def _simpler(contour: Contour, tolerance_deg: float) -> Contour | None:
    simple = shapely.make_valid(shapely.simplify(shape(contour.shape.model_dump()), tolerance_deg))
    polygons = [part for part in shapely.get_parts(simple) if part.geom_type == "Polygon" and part.area > 0]
    if not polygons:
        return None
    if len(polygons) == 1:
        return Contour(contour.intensity, PolygonGeometry.model_validate(mapping(polygons[0])))
    whole = mapping(shapely.MultiPolygon(polygons))
    return Contour(contour.intensity, MultiPolygonGeometry.model_validate(whole))


if __name__ == "__main__":
    main()
