"""What `bench intake` reads: documents that say what they should, on either side of the comparison."""

from __future__ import annotations

from services.cli.bench.intake import generated_files, large_alert, large_feed
from services.cli.bench.intake_apart import bare_json, bare_xml
from services.incidents.feeds.worker import read_document


def test_generated_files_are_read_and_propose_something() -> None:
    name, data = generated_files()[7]
    read = read_document(name, data)
    assert (read.refused, len(read.proposals), read.warnings) == (None, 1, ())


def test_the_floor_and_the_reader_find_the_same_in_large_documents() -> None:
    alert, feed = large_alert(3), large_feed(4)
    assert (bare_xml(alert), bare_json(feed)) == (3, 4)
    assert len(read_document("a.cap", alert).proposals) == 1
    assert len(read_document("a.geojson", feed).proposals) == 4
