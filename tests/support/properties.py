"""How hard properties are tried: the same examples in every run, and few of them when only the unit tests are run.

`THIRDRESCUE_TEST_EXPLORE=1` draws others each time; what it finds becomes an `@example`.
"""

from __future__ import annotations

import os
from typing import Final

from hypothesis import HealthCheck, settings

QUICK: Final = "THIRDRESCUE_TEST_QUICK" in os.environ
EXAMPLES: Final = 100


def examples(count: int) -> int:
    """So many examples in the whole run."""
    return max(count // 5, 5) if QUICK else count


def load_profile() -> None:
    """Set what holds for every property: no deadline, for other work on the machine is no fault of the code."""
    settings.register_profile(
        "thirdrescue",
        max_examples=examples(EXAMPLES),
        deadline=None,
        derandomize="THIRDRESCUE_TEST_EXPLORE" not in os.environ,
        suppress_health_check=[HealthCheck.too_slow],
    )
    settings.load_profile("thirdrescue")
