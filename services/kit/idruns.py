"""A set of growing numbers kept as runs: ids that were read, of which nearly all follow one another."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence


class IdRuns:
    """Inclusive runs, ascending and apart. A number once added stays in until `forget_below`."""

    def __init__(self) -> None:
        self._lows: list[int] = []
        self._highs: list[int] = []

    def __contains__(self, number: int) -> bool:
        at = bisect_right(self._lows, number) - 1
        return at >= 0 and number <= self._highs[at]

    def add(self, number: int) -> None:
        """Put a number in; runs that now touch become one."""
        at = bisect_right(self._lows, number) - 1
        if at >= 0 and number <= self._highs[at]:
            return
        if at >= 0 and number == self._highs[at] + 1:
            self._highs[at] = number
        else:
            at += 1
            self._lows.insert(at, number)
            self._highs.insert(at, number)
        if at + 1 < len(self._lows) and self._lows[at + 1] == number + 1:
            self._highs[at] = self._highs.pop(at + 1)
            del self._lows[at + 1]

    def add_ascending(self, numbers: Sequence[int]) -> None:
        """Put many in; quick when they follow one another and the highest run."""
        if not numbers:
            return
        low, high = numbers[0], numbers[-1]
        if high - low + 1 == len(numbers) and (not self._highs or low > self._highs[-1]):
            if self._highs and low == self._highs[-1] + 1:
                self._highs[-1] = high
            else:
                self._lows.append(low)
                self._highs.append(high)
            return
        for number in numbers:
            self.add(number)

    def forget_below(self, number: int) -> None:
        """Drop the runs that lie wholly below a number."""
        keep = bisect_right(self._highs, number - 1)
        del self._lows[:keep]
        del self._highs[:keep]

    def multirange(self) -> str:
        """As PostgreSQL writes an int8multirange."""
        return "{" + ",".join(f"[{low},{high}]" for low, high in zip(self._lows, self._highs, strict=True)) + "}"
