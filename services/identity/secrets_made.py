"""Secrets that the service hands out once and keeps only as hashes. 256 random bits each, so SHA-256 is enough."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass
from typing import Final

_SECRET_BYTES: Final = 32
_API_KEY: Final = re.compile(r"(trk_[0-9a-f]{12})_([A-Za-z0-9_-]{43})")


@dataclass(frozen=True)
class MadeSecret:
    """`text` goes to the holder, `sha256` to the database."""

    text: str
    sha256: bytes


def sha256(text: str) -> bytes:
    """The form in which a secret is kept."""
    return hashlib.sha256(text.encode()).digest()


def make_refresh_token() -> MadeSecret:
    """A new refresh token."""
    text = "trr_" + secrets.token_urlsafe(_SECRET_BYTES)
    return MadeSecret(text, sha256(text))


def make_api_key() -> tuple[str, MadeSecret]:
    """A new API key and its prefix, which may be shown."""
    prefix = "trk_" + secrets.token_hex(6)
    text = f"{prefix}_{secrets.token_urlsafe(_SECRET_BYTES)}"
    return prefix, MadeSecret(text, sha256(text))


def prefix_of(api_key: str) -> str | None:
    """The prefix under which a key would be stored; None for what cannot be a key."""
    match = _API_KEY.fullmatch(api_key)
    return match[1] if match else None


def is_same(text: str, kept_sha256: bytes) -> bool:
    """Compare in constant time."""
    return hmac.compare_digest(sha256(text), kept_sha256)
