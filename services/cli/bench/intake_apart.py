"""The process in which `bench intake` reads one large document: its processor time and the most memory it held."""

from __future__ import annotations

import resource
import sys
import time
from collections.abc import Callable

import orjson


def main() -> None:
    """Read the standard input in the way that is named, and print what it took."""
    way, name = sys.argv[1:]
    data = sys.stdin.buffer.read()
    work: dict[str, Callable[[], int]] = {
        "bare-xml": lambda: bare_xml(data), "bare-json": lambda: bare_json(data), "whole": lambda: _whole(name, data)
    }  # fmt: skip
    if way == "whole":
        _whole("warm.json", b"{}")  # what is loaded once per process is not the document's
    began = time.process_time()
    found = work[way]()
    taken_s = time.process_time() - began
    peak_mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    sys.stdout.buffer.write(orjson.dumps({"seconds": taken_s, "peak_mib": peak_mib, "found": found}))


def bare_xml(data: bytes) -> int:
    """How many polygons a bare parse finds."""
    from lxml import etree

    root = etree.fromstring(data, etree.XMLParser(resolve_entities=False, no_network=True))
    return sum(1 for _ in root.iter("{*}polygon"))


def bare_json(data: bytes) -> int:
    """How many features a bare parse finds."""
    return len(orjson.loads(data)["features"])


def _whole(name: str, data: bytes) -> int:
    from services.incidents.feeds.worker import read_document

    return len(read_document(name, data).proposals)


if __name__ == "__main__":
    main()
