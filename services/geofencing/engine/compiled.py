"""How the loops are compiled: by Numba, once per machine, without holding Python's lock while they run."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar, cast

import numba

Loop = TypeVar("Loop", bound=Callable[..., object])


def compiled(loop: Loop) -> Loop:
    """Compile at the first call; kept on disk beside the source, or in NUMBA_CACHE_DIR, for later processes.

    Where no such folder may be written, every process compiles for itself (a few seconds).
    """
    try:
        return cast(Loop, numba.njit(cache=True, nogil=True)(loop))
    except RuntimeError:  # Numba found no folder that it may write
        return cast(Loop, numba.njit(nogil=True)(loop))
