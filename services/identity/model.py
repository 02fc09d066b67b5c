"""What the identity service keeps: accounts and API keys as they are shown (never their secrets)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from schemas.policy import AccountRole


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """A person's or a desk's account."""

    id: UUID
    name: str
    roles: tuple[AccountRole, ...]
    areas: tuple[str, ...]
    created_at: datetime
    created_by: str
    disabled_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKey:
    """A machine's key; `prefix` is the part that may be shown."""

    id: UUID
    prefix: str
    label: str
    roles: tuple[AccountRole, ...]
    areas: tuple[str, ...]
    created_at: datetime
    created_by: str
    expires_at: datetime
    revoked_at: datetime | None
