"""Headers survive packing unchanged, whatever is in them."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from services.kit.outbox import pack_headers, record_bytes, unpack_headers

NAMES = st.text(min_size=0, max_size=20).filter(lambda text: text.isprintable() or "\n" in text or "\x00" in text)


@given(st.lists(st.tuples(NAMES, st.binary(max_size=60)), max_size=20))
def test_any_headers_come_back_as_they_were(headers: list[tuple[str, bytes]]) -> None:
    assert unpack_headers(pack_headers(headers)) == headers


def test_usual_headers_take_the_quick_form_and_awkward_ones_the_other() -> None:
    assert pack_headers([("ce_id", b"1"), ("ce_type", b"")]).startswith(b"Z")
    for awkward in ([], [("a", b"\x00")], [("a\nb", b"1")], [("", b"")]):
        assert unpack_headers(pack_headers(awkward)) == awkward


def test_size_counts_key_value_and_headers_rounded_up() -> None:
    assert record_bytes(b"k" * 10, b"v" * 100, [("h" * 5, b"x" * 7)]) >= 10 + 100 + 5 + 7
    assert record_bytes(None, None, []) > 0
