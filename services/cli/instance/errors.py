"""The one way a command of the instance fails: a sentence for a person, and exit code 1."""

from __future__ import annotations


class InstanceError(Exception):
    """What is wrong and what to do about it, in one plain sentence. Carries nothing secret."""
