"""What clients send to the identity service and what it answers."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, SecretStr, StringConstraints

from schemas.policy import AccountRole
from services.identity.passwords import LENGTH_MAX, LENGTH_MIN


class _Request(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


def _distinct(values: list[str]) -> list[str]:
    return list(dict.fromkeys(values))


AccountName = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)]
AreaCodeOrAll = Annotated[str, Field(pattern=r"^(\d{6}(\d{6})?|\*)$")]
Areas = Annotated[list[AreaCodeOrAll], Field(max_length=200), AfterValidator(_distinct)]
Roles = Annotated[list[AccountRole], Field(min_length=1, max_length=len(AccountRole))]


class PasswordGrant(_Request):
    """Sign in with a name and a password."""

    grant_type: Literal["password"]
    name: Annotated[str, Field(min_length=1, max_length=100)]
    password: Annotated[SecretStr, Field(min_length=1, max_length=LENGTH_MAX)]


class ClientGrant(_Request):
    """Exchange an API key."""

    grant_type: Literal["client_credentials"]
    api_key: Annotated[SecretStr, Field(min_length=1, max_length=200)]


class RefreshGrant(_Request):
    """Exchange a refresh token; it is used up."""

    grant_type: Literal["refresh_token"]
    refresh_token: Annotated[SecretStr, Field(min_length=1, max_length=200)]


TokenRequest = Annotated[PasswordGrant | ClientGrant | RefreshGrant, Field(discriminator="grant_type")]


class RevocationRequest(_Request):
    """A refresh token that its holder gives up (RFC 7009); all tokens of its sign-in end with it."""

    token: Annotated[SecretStr, Field(min_length=1, max_length=200)]
    token_type_hint: Annotated[str, Field(max_length=50)] | None = None


class TokenAnswer(BaseModel):
    """An access token and how long it lives."""

    access_token: str
    token_type: Literal["Bearer"] = "Bearer"
    expires_in_s: int
    refresh_token: str | None = None


class NewAccount(_Request):
    """An account to be made. Without areas it sees nothing that is tied to a place; `*` is everywhere."""

    name: AccountName
    password: Annotated[SecretStr, Field(min_length=LENGTH_MIN, max_length=LENGTH_MAX)]
    roles: Roles
    areas: Areas = []


class NewApiKey(_Request):
    """A machine's key to be made. The text of the key is answered once and cannot be read again."""

    label: AccountName
    roles: Roles
    areas: Areas = []
    expires_at: AwareDatetime


class MadeApiKey(BaseModel):
    """A key that was just made."""

    id: UUID
    prefix: str
    api_key: str
