"""`bench intake`: reading alerts and mapping them to proposals, beside a bare parse of the same bytes (lxml, orjson).

The files are the public ones beside the project, or generated ones where those are absent. The largest documents
that are taken are read in a process of their own each, so that its peak of memory is theirs.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import orjson
from lxml import etree

from services.cli.bench.report import Report
from services.incidents.feeds.worker import MEMORY_BYTES_MAX, SECONDS_MAX, read_document
from services.incidents.intake.model import FILE_BYTES_MAX

FOLDER: Final = Path(__file__).parents[4] / "shared" / "data" / "alerts"
ROUNDS: Final = 5
POLYGONS: Final = 10_000
CORNERS: Final = 90
EVENTS: Final = 9_000
GOAL_FILES_PER_S: Final = 100.0
GOAL_SHARE_S: Final = 0.5
"""Of what the reading program may use: a machine half as fast still takes the largest documents."""
_CAP: Final = (
    '<alert xmlns="urn:oasis:names:tc:emergency:cap:1.2"><identifier>{n}</identifier><sender>bench@example.org</sender>'
    "<sent>2026-05-12T00:00:00+00:00</sent><status>Actual</status><msgType>Alert</msgType><scope>Public</scope><info>"
    "<category>Met</category><event>Flood</event><urgency>Immediate</urgency><severity>Severe</severity>"
    "<certainty>Observed</certainty>{areas}</info></alert>"
)
File = tuple[str, bytes]


@dataclass(frozen=True)
class Took:
    """What reading a document in a process of its own took."""

    seconds: float
    peak_mib: float
    found: int


def run_intake_bench(folder: Path = FOLDER) -> Report:
    """Check what is read, then time it."""
    report = Report("intake")
    files = real_files(folder)
    if not files:
        files = generated_files()
        report.left_out.append(f"the public files: {folder.name} is not beside the project; generated ones were read")
    _real(report, files)
    _bound(report, f"{POLYGONS} polygons", "xml", ("a.cap", large_alert()), POLYGONS)
    _bound(report, f"{EVENTS} events", "json", ("a.geojson", large_feed()), EVENTS)
    report.left_out.append("the pipes to the reading program, and keeping and following proposals in the database")
    return report


def real_files(folder: Path) -> list[File]:
    """The public files that are of one of the two families."""
    paths = sorted(
        path for path in folder.rglob("*") if path.suffix in (".json", ".geojson", ".cap", ".xml", ".atom", ".rss")
    )
    return [(str(path.relative_to(folder)), path.read_bytes()) for path in paths]


def generated_files() -> list[File]:
    """Alerts as small as most are."""
    return [(f"{n}.cap", _CAP.format(n=n, areas=_areas(1, 20)).encode()) for n in range(200)]


def _areas(polygons: int, corners: int) -> str:
    """Rings round places on a grid, each closed."""
    texts = []
    for n in range(polygons):
        south, west = 20 + n % 100 / 4, 80 + n // 100 % 100 / 4
        ring = [f"{south + k / corners / 8:.6f},{west + k % 2 / 16:.6f}" for k in range(corners)]
        south_end = f"{south:.6f},{west - 0.05:.6f}"
        texts.append(f"<area><areaDesc>x</areaDesc><polygon>{' '.join([*ring, south_end, ring[0]])}</polygon></area>")
    return "".join(texts)


def large_alert(polygons: int = POLYGONS) -> bytes:
    """One alert of nearly as many bytes as are taken."""
    return _CAP.format(n=0, areas=_areas(polygons, CORNERS)).encode()


def large_feed(events: int = EVENTS) -> bytes:
    """A feed of earthquakes, of as many bytes as are taken."""
    event: dict[str, Any] = {
        "type": "Feature", "geometry": {"type": "Point", "coordinates": [103.4, 31.0, 14.0]},
        "properties": {
            "mag": 6.1, "place": "x", "time": 1210573681000, "updated": 1210573682000, "status": "reviewed",
            "type": "earthquake", "net": "us", "title": "M 6.1", "code": "",
        },
    }  # fmt: skip
    spare = FILE_BYTES_MAX // EVENTS - len(json.dumps(event)) - 200
    features = []
    for n in range(events):
        properties = {**event["properties"], "code": f"{n:06}", "ids": f",us{n:06},", "detail": "x" * spare}
        features.append({**event, "id": f"us{n:06}", "properties": properties})
    return json.dumps({"type": "FeatureCollection", "metadata": {}, "features": features}).encode()


def _real(report: Report, files: Sequence[File]) -> None:
    mib = sum(len(data) for _, data in files) / 2**20
    reads = [read_document(name, data) for name, data in files]
    taken = [file for file, read in zip(files, reads, strict=True) if read.refused is None]
    if not taken:
        raise RuntimeError("no file was read")
    report.add("files", len(files), "")
    report.add("of them read", len(taken), "")
    report.add("proposals in them", sum(len(read.proposals) for read in reads), "")
    floor_s = _best(lambda: [_parsed(data) for _, data in files])
    whole_s = _best(lambda: [read_document(name, data) for name, data in files])
    report.add("floor: lxml or orjson alone", len(files) / floor_s, "files/s")
    report.add("floor: lxml or orjson alone", mib / floor_s, "MiB/s")
    report.add("read and mapped to proposals", mib / whole_s, "MiB/s")
    report.add("over the floor", whole_s / floor_s, "times")
    report.aim("read and mapped to proposals", len(files) / whole_s, "at least", GOAL_FILES_PER_S, "files/s")


def _best(work: Callable[[], object]) -> float:
    """The quickest of some rounds."""
    taken = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        work()
        taken.append(time.perf_counter() - began)
    return min(taken)


def _parsed(data: bytes) -> object:
    """A bare parse; what it cannot parse costs what it costs until then."""
    try:
        if data.lstrip().startswith(b"<"):
            return etree.fromstring(data, etree.XMLParser(resolve_entities=False, no_network=True))
        return orjson.loads(data)
    except (etree.XMLSyntaxError, orjson.JSONDecodeError):
        return None


def _bound(report: Report, what: str, family: str, file: File, expected: int) -> None:
    mib = len(file[1]) / 2**20
    if len(file[1]) > FILE_BYTES_MAX:
        raise RuntimeError(f"{what}: {len(file[1])} bytes are more than are taken")
    bare, whole = _apart(f"bare-{family}", file), _apart("whole", file)
    if bare.found != expected or whole.found < 1:
        raise RuntimeError(f"{what}: the floor found {bare.found}, the reader {whole.found}")
    name = f"{mib:.1f} MiB of {family.upper()}, {what}"
    report.add(f"{name}: floor", bare.seconds, "s")
    report.add(f"{name}: floor, most memory", bare.peak_mib, "MiB")
    report.add(f"{name}: over the floor", whole.seconds / bare.seconds, "times")
    report.aim(f"{name}: processor", whole.seconds, "at most", SECONDS_MAX * GOAL_SHARE_S, "s")
    report.aim(f"{name}: most memory", whole.peak_mib, "at most", MEMORY_BYTES_MAX / 2**20 * GOAL_SHARE_S, "MiB")


def _apart(way: str, file: File) -> Took:
    """Read in a process of its own, which prints what it took."""
    command = [sys.executable, "-m", "services.cli.bench.intake_apart", way, file[0]]
    done = subprocess.run(command, input=file[1], capture_output=True, check=True)
    return Took(**orjson.loads(done.stdout))
