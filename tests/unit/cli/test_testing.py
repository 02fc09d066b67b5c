"""How the unit tests are shared out."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from services.cli.testing import shared_out


@given(st.dictionaries(st.text(min_size=1), st.integers(0, 50_000), min_size=1), st.integers(1, 8))
def test_every_file_is_in_one_share_and_no_share_is_much_larger(sizes: dict[str, int], shares: int) -> None:
    shared = shared_out(sizes, shares)
    assert sorted(name for share in shared for name in share) == sorted(sizes)
    assert len(shared) == min(shares, len(sizes))
    totals = [sum(sizes[name] for name in share) for share in shared]
    assert max(totals) - (min(totals) if len(shared) == shares else 0) <= max(sizes.values())
