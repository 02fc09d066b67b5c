"""What a handler may raise on purpose."""

from __future__ import annotations


class Poison(Exception):
    """This event can never be handled as it is: keep it in quarantine at once, with these words, and do not retry."""
