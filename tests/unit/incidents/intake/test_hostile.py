"""Files made to harm: refused with a reason, in bounded time, reaching nothing."""

from __future__ import annotations

import gzip
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.incidents.intake.model import FILE_BYTES_MAX
from services.incidents.intake.propose import propose
from services.incidents.intake.read import read
from tests.support.properties import examples
from tests.unit.incidents.intake.samples import cap, info, read_text

SECRET = "the-content-of-a-file-nobody-may-read"
LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))


class _Counting(BaseHTTPRequestHandler):
    asked: ClassVar[list[str]] = []

    def do_GET(self) -> None:
        self.asked.append(self.path)
        self.send_response(404)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        pass


def test_a_file_of_20_mib_is_looked_at_and_a_larger_one_is_not() -> None:
    whole = gzip.compress(b"") + bytes(FILE_BYTES_MAX)
    assert FILE_BYTES_MAX == 20 * 2**20
    for size, why in ((FILE_BYTES_MAX, "compressed"), (FILE_BYTES_MAX + 1, "at most 20971520 are read")):
        refused = read("file", whole[:size]).refused
        assert refused is not None
        assert why in refused.why


def test_entities_are_refused_by_name_and_nothing_is_fetched(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text(SECRET)
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Counting)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}/x"
    declared = {
        "x": f'<!ENTITY x SYSTEM "file://{tmp_path}/secret">',
        "y": f'<!ENTITY y SYSTEM "{url}">',
        "p": f'<!ENTITY % p SYSTEM "{url}"> %p;',
        "l0": '<!ENTITY l0 "lol">' + LAUGHS,
    }
    try:
        for name, declaration in declared.items():
            text = f"<!DOCTYPE alert [{declaration}]>" + cap().replace("A1", f"&{name};")
            reading = read_text(text)
            assert reading.refused is not None
            assert (reading.refused.where, repr(name) in reading.refused.why) == ("!DOCTYPE", True)
        for outside in (f'SYSTEM "{url}"', f'PUBLIC "-//x//y" "{url}"'):
            assert read_text(f"<!DOCTYPE alert {outside}>" + cap()).refused is not None
        assert read_text(f'<?xml-stylesheet href="{url}" type="text/xsl"?>' + cap()).refused is None
    finally:
        server.shutdown()
        server.server_close()
    assert _Counting.asked == []


def test_a_document_type_without_entities_is_read() -> None:
    text = '<!DOCTYPE earthquake [<!ELEMENT earthquake EMPTY>]><earthquake id="x1" lat="31" lon="103" mag="7.9" {}/>'
    assert read_text(text.format('time="2008-05-12T06:28:01Z"')).format == "shakemap-event-xml"


@pytest.mark.parametrize(
    ("data", "where"),
    [
        (b"", "file"),
        (b"   \n", "file"),
        (b"\x00" * 1000, "file"),
        (b"\xff\xfe<\x00a\x00", "line 1"),
        (cap().encode("utf-16")[:-1], "encoding"),
        (cap().encode("utf-32")[:-2], "encoding"),
        ("<!DOCTYPE a [<!ENTITY x 'y'>]><alert/>".encode("utf-16"), "!DOCTYPE"),
        ("x".encode("utf-16"), "file"),
        (cap(info().replace("Flood", "\x00")).encode(), "file"),
        (b'<?xml version="1.0" encoding="UTF-7"?><alert/>', "?xml encoding"),
        (lambda: gzip.compress(b"0" * 50_000_000), "file"),
        (b"PK\x03\x04...", "file"),
        (b"<!DOCTYPE html><html></html>", "html"),
        (b"-----BEGIN CERTIFICATE-----", "file"),
        (b"Apache License", "file"),
        (b"[1, 2]", "file"),
        (b'{"a": 1}', "file"),
        (b"<schema xmlns='http://www.w3.org/2001/XMLSchema'/>", "schema"),
        (b'{"type": "FeatureCollection", "features": 3}', "features"),
        (b'{"type": "FeatureCollection", "features": [3]}', "features[0].properties"),
        (b"<a>" * 10_000, "line 1"),
        (lambda: b"[" * 1_000_000, "line 1"),
        (lambda: b'{"a":' * 1_000_000, "line 1"),
        (lambda: b"<a " + b" ".join(b'b%d=""' % n for n in range(1_100_000)) + b"/>", "file"),
        (lambda: b"<a>" + b"<b/>" * 1_000_001 + b"</a>", "file"),
        (lambda: b'<a b="' + b"x" * 11_000_000 + b'"/>', "line 1"),
        (lambda: b"[" + b"{}," * 2_500_001, "file"),
        (lambda: b"x" * (20 * 1024 * 1024 + 1), "file"),
    ],
)
def test_what_is_no_alert_is_refused_without_a_format(data: bytes | Callable[[], bytes], where: str) -> None:
    """What is large is made only when its turn comes: not while all tests are being collected."""
    data = data if isinstance(data, bytes) else data()
    began = time.process_time()
    reading = read("file", data)
    assert time.process_time() - began < 5
    assert reading.refused is not None
    assert (reading.format, reading.refused.where, reading.warnings) == (None, where, ())


@settings(max_examples=examples(150))
@given(st.binary(max_size=400))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    propose(read("x", data))


@settings(max_examples=examples(150))
@given(st.data())
def test_any_damage_to_a_good_file_is_read_or_refused(data: st.DataObject) -> None:
    whole = bytearray(cap(info() + info(language="zh")).encode())
    for _ in range(data.draw(st.integers(1, 4))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    propose(read("x", bytes(whole[: data.draw(st.integers(0, len(whole)))])))


@pytest.mark.parametrize(
    ("inside", "why"),
    [
        (
            "<area><areaDesc>" + "x" * 10_500_000 + "</areaDesc></area>",
            "has a text, a value or a gap of more than 10 MB",
        ),
        (" " * 10_500_000, "has a text, a value or a gap of more than 10 MB"),
        ("<x>" * 300 + "</x>" * 300, "has elements more than 256 deep"),
    ],
)
def test_what_is_beyond_the_parsers_bounds_is_told_in_words(inside: str, why: str) -> None:
    refused = read("a.cap", cap(info(inside)).encode()).refused
    assert refused is not None
    assert refused.why.startswith(why)
    assert "XML_PARSE_HUGE" not in refused.why
