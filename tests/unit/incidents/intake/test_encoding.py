"""What documents are written in: carried over where they or their sender say it, else refused by what was found."""

from __future__ import annotations

import json
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.incidents.intake.encoding import as_utf8
from services.incidents.intake.model import Notes
from services.incidents.intake.read import read
from tests.unit.incidents.intake.samples import cap, info
from tests.unit.incidents.intake.test_variants import WARNING

MARKED: Final = ("utf-8-sig", "utf-16", "utf-32")
WIDE: Final = ("utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be")
CHINESE: Final = cap(info().replace("Flood", "洪水预警"))
EVENT: Final = json.dumps(WARNING, ensure_ascii=False)


@pytest.mark.parametrize("text", [CHINESE, EVENT, f'<?xml version="1.0" encoding="UTF-16"?>\n{CHINESE}'])
@pytest.mark.parametrize("name", [*MARKED, *WIDE])
def test_marks_and_first_bytes_tell_the_encoding(text: str, name: str) -> None:
    plain, found = read("x", text.encode()), read("x", text.encode(name))
    assert (found.refused, plain.refused) == (None, None)
    assert found.alerts == plain.alerts
    assert bool([line for line in found.warnings if name[:6] in line]) is (name != "utf-8-sig")


@given(st.text(min_size=1), st.sampled_from([*MARKED, *WIDE]))
def test_nothing_of_the_words_is_lost(words: str, name: str) -> None:
    text = json.dumps({"words": words.encode("utf-8", "replace").decode()}, ensure_ascii=False)
    assert as_utf8(text.encode(name), Notes()) == text.encode()


@pytest.mark.parametrize("charset", ["gb18030", "GBK"])
@pytest.mark.parametrize("text", [EVENT, CHINESE])
def test_what_does_not_say_its_encoding_is_read_as_its_sender_says(text: str, charset: str) -> None:
    data = text.encode(charset)
    assert read("x", data, charset=charset).alerts == read("x", text.encode()).alerts
    refused = read("x", data).refused
    assert refused is not None
    assert "GB18030" in refused.why


@pytest.mark.parametrize("text", [EVENT, CHINESE])
def test_the_mark_of_gb18030_is_no_part_of_the_document(text: str) -> None:
    found = read("x", f"\ufeff{text}".encode("gb18030"), charset="gb18030")
    assert (found.refused, found.alerts) == (None, read("x", text.encode()).alerts)


def test_a_sender_is_not_believed_against_the_document() -> None:
    plain = read("x", CHINESE.encode())
    declared = f'<?xml version="1.0" encoding="GBK"?>{CHINESE}'
    for data in (CHINESE.encode(), CHINESE.encode("utf-16"), declared.encode("gbk")):
        assert read("x", data, charset="iso-8859-1").alerts == plain.alerts


@pytest.mark.parametrize("charset", ["utf-7", "utf-16", "rot13", "x", "unicode_escape"])
def test_a_charset_that_is_not_read_is_refused_by_its_name(charset: str) -> None:
    refused = read("x", EVENT.encode("gbk"), charset=charset).refused
    assert refused is not None
    assert (refused.where, charset in refused.why) == ("encoding", True)


@pytest.mark.parametrize("data", ['{"a": "é"}'.encode("latin-1"), b'{"a": "\xff"}'])
def test_what_is_neither_says_where(data: bytes) -> None:
    refused = read("x", data).refused
    assert refused is not None
    assert (refused.where, refused.why) == ("encoding", "is not UTF-8, at byte 7")


def test_utf_8_that_calls_itself_utf_16_is_read_and_what_is_neither_refused() -> None:
    text = f'<?xml version="1.0" encoding="utf-16"?>{CHINESE}'
    found = read("x", text.encode())
    assert found.alerts == read("x", CHINESE.encode()).alerts
    assert any("utf-16" in line for line in found.warnings)
    refused = read("x", text.encode("gbk")).refused
    assert refused is not None
    assert refused.where == "?xml encoding"


@given(st.binary(max_size=64), st.sampled_from([None, "gbk", "utf-16"]))
def test_any_bytes_are_read_or_refused(data: bytes, charset: str | None) -> None:
    refused = read("x", data, charset=charset).refused
    assert refused is not None
    assert refused.why
