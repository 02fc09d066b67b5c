"""Who is asking: EdDSA tokens, their verification and their making.

Issuers and their rights are in `schemas/policy.py`. One kind signs accounts in: roles and areas, no scope. The other
hands out tokens for one object: a fixed role and a scope, no areas. A public key is bound to its issuer by its `kid`
(the issuer's name, or that with `-2` and so on), so none can speak for another. Only EdDSA is accepted, whatever a
token's header says. Verified tokens are cached until they expire: a signature costs as much as a small request.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

import jwt
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from schemas.policy import ISSUERS, AccountRole, covers
from services.kit.clock import Clock
from services.kit.problems import ProblemError, forbidden
from services.kit.settings import SettingsError

AUDIENCE: Final = "thirdrescue"
ALGORITHM: Final = "EdDSA"
TOKEN_BYTES_MAX: Final = 4096
CACHE_MAX: Final = 20_000
_SKEW: Final = timedelta(seconds=5)
_RELOAD_AFTER: Final = timedelta(seconds=10)
_REQUIRED: Final = ["iss", "sub", "aud", "exp", "iat", "jti"]
_UUID: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class TokenRefused(Exception):
    """The token proves nothing. The message says which check failed and is safe to show."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """Somebody or something with an identity. `subject` is an id, never a name."""

    subject: str
    roles: frozenset[AccountRole]
    areas: tuple[str, ...]
    issuer: str
    scope: str | None = None
    expires_at: datetime | None = None

    def may_see(self, area_codes: Iterable[str]) -> bool:
        """Whether one of the area codes lies in this principal's areas."""
        return any(covers(self.areas, code) for code in area_codes)


def require_jurisdiction(principal: Principal, area_codes: Sequence[str]) -> None:
    """403 unless the principal's areas cover at least one of the object's codes.

    A page or mission token has no areas: the gate has already bound it to its object by its scope.
    """
    if principal.scope is None and not principal.may_see(area_codes):
        raise forbidden("This lies outside the areas of your account.")


def require_all_jurisdiction(principal: Principal, area_codes: Sequence[str]) -> None:
    """403 unless the principal's areas cover every one of the codes; for things that are made or changed in bulk."""
    if principal.scope is None and not all(covers(principal.areas, code) for code in area_codes):
        raise forbidden("This reaches outside the areas of your account.")


def require_scope(principal: Principal, kind: str, object_id: object) -> None:
    """403 when a scoped token is used for another object than its own. Tokens without a scope pass."""
    if principal.scope is not None and principal.scope != f"{kind}:{object_id}":
        raise forbidden("This token is for another object.")


def require_own(principal: Principal, subject: object) -> None:
    """403 when a scoped token is used for somebody else than its holder. Tokens without a scope pass."""
    if principal.scope is not None and principal.subject != str(subject):
        raise forbidden("This token speaks for somebody else.")


def unauthorized(detail: str) -> ProblemError:
    """401 with the challenge that RFC 6750 asks for."""
    return ProblemError(401, "unauthorized", detail, headers={"WWW-Authenticate": 'Bearer realm="thirdrescue"'})


class KeySet:
    """The public keys of `jwks.json`. A key that is not known makes it look at the file again, at most every 10 s."""

    def __init__(self, path: Path, clock: Clock) -> None:
        self._path = path
        self._clock = clock
        self._keys: dict[str, Ed25519PublicKey] = {}
        self._read_at = clock.now()
        self._read()

    def _read(self) -> None:
        try:
            keys = jwt.PyJWKSet.from_json(self._path.read_text(encoding="utf-8")).keys
        except (OSError, ValueError, jwt.PyJWTError) as error:
            raise SettingsError(f"{self._path.name} in the secrets folder cannot be read as a key set.") from error
        self._keys = {key.key_id: key.key for key in keys if key.key_id and isinstance(key.key, Ed25519PublicKey)}
        self._read_at = self._clock.now()

    def key_of(self, key_id: str) -> Ed25519PublicKey | None:
        """The key with this id, if there is one."""
        if key_id not in self._keys and self._clock.now() - self._read_at > _RELOAD_AFTER:
            try:
                self._read()
            except SettingsError:  # half-written by a rotation: keep what is known, look again later
                self._read_at = self._clock.now()
        return self._keys.get(key_id)


class TokenVerifier:
    """Turns a token into a `Principal`, or raises `TokenRefused`."""

    def __init__(self, keys: KeySet, clock: Clock) -> None:
        self._keys = keys
        self._clock = clock
        self._cache: dict[str, Principal] = {}

    def verify(self, token: str) -> Principal:
        """Check everything; a token seen before only has its expiry looked at again."""
        known = self._cache.get(token)
        now = self._clock.now()
        if known is not None and known.expires_at is not None:
            if known.expires_at > now:
                return known
            del self._cache[token]
            raise TokenRefused("The token has expired.")
        principal = self._verify(token, now)
        if len(self._cache) >= CACHE_MAX:
            del self._cache[next(iter(self._cache))]
        self._cache[token] = principal
        return principal

    def _verify(self, token: str, now: datetime) -> Principal:
        if len(token) > TOKEN_BYTES_MAX:
            raise TokenRefused("The token is too long.")
        claims = self._signed_claims(token)
        issued_at, expires_at = (_instant(claims[name]) for name in ("iat", "exp"))
        if issued_at > now + _SKEW or ("nbf" in claims and _instant(claims["nbf"]) > now + _SKEW):
            raise TokenRefused("The token is not valid yet.")
        if expires_at <= now:
            raise TokenRefused("The token has expired.")
        return _principal(claims, expires_at)

    def _signed_claims(self, token: str) -> dict[str, Any]:
        try:
            key_id = jwt.get_unverified_header(token).get("kid")
            key = self._keys.key_of(key_id) if isinstance(key_id, str) else None
            if key is None or not isinstance(key_id, str):
                raise TokenRefused("The token is not signed by a key of this system.")
            claims: dict[str, Any] = jwt.decode(
                token, key, algorithms=[ALGORITHM], audience=AUDIENCE,
                options={"require": _REQUIRED, "verify_exp": False, "verify_iat": False, "verify_nbf": False},
            )  # fmt: skip
        except (jwt.PyJWTError, InvalidSignature, ValueError) as error:
            raise TokenRefused("The token is not one of this system.") from error
        if claims["iss"] != key_id.partition("-")[0]:
            raise TokenRefused("The token's issuer does not own its key.")
        return claims


def _instant(value: object) -> datetime:
    if not isinstance(value, int | float):
        raise TokenRefused("The token's times are not numbers.")
    try:
        return datetime.fromtimestamp(value, UTC)
    except (ValueError, OverflowError, OSError) as error:
        raise TokenRefused("The token's times are out of range.") from error


def _principal(claims: dict[str, Any], expires_at: datetime) -> Principal:
    try:
        roles = frozenset(AccountRole(role) for role in claims.get("roles", ()))
    except (ValueError, TypeError) as error:
        raise TokenRefused("The token names an unknown role.") from error
    areas, scope, issuer = claims.get("areas", []), claims.get("scope"), claims["iss"]
    if not isinstance(areas, list) or not all(isinstance(area, str) for area in areas):
        raise TokenRefused("The token's areas are not a list of codes.")
    _check_issuer_rights(issuer, roles, areas, scope)
    return Principal(
        subject=str(claims["sub"]), roles=roles, areas=tuple(areas), issuer=issuer, scope=scope, expires_at=expires_at
    )


def _check_issuer_rights(issuer: str, roles: frozenset[AccountRole], areas: list[str], scope: object) -> None:
    rights = ISSUERS.get(issuer)
    if rights is None:
        raise TokenRefused("The token's issuer is not known.")
    if not roles <= rights.roles:
        raise TokenRefused("The token's issuer may not give these roles.")
    if not rights.scopes:
        if scope is not None:
            raise TokenRefused("The token's issuer may not give a scope.")
    elif areas or not isinstance(scope, str) or not _is_scope(scope, rights.scopes):
        raise TokenRefused("The token needs the scope of one object, and no areas.")


def _is_scope(scope: str, kinds: frozenset[str]) -> bool:
    kind, _, object_id = scope.partition(":")
    return kind in kinds and _UUID.fullmatch(object_id) is not None


class TokenSigner:
    """Makes tokens for one issuer with its private key (`<issuer>.key.pem` in the secrets folder)."""

    def __init__(self, issuer: str, key: Ed25519PrivateKey, clock: Clock, *, key_id: str | None = None) -> None:
        self._issuer = issuer
        self._key = key
        self._clock = clock
        self._headers = {"kid": key_id or issuer, "typ": "at+jwt"}

    @classmethod
    def from_file(cls, issuer: str, secrets_dir: Path, clock: Clock) -> TokenSigner:
        """Read the key, or raise `SettingsError` in one sentence."""
        path = secrets_dir / f"{issuer}.key.pem"
        try:
            key = load_pem_private_key(path.read_bytes(), password=None)
        except (OSError, ValueError, TypeError) as error:
            raise SettingsError(f"{path.name} in the secrets folder cannot be read as a private key.") from error
        if not isinstance(key, Ed25519PrivateKey):
            raise SettingsError(f"{path.name} in the secrets folder is not an Ed25519 key.")
        return cls(issuer, key, clock)

    def sign(
        self,
        subject: str,
        *,
        lifetime: timedelta,
        roles: Iterable[AccountRole] | None = None,
        areas: Sequence[str] = (),
        scope: str | None = None,
    ) -> str:
        """A token for `subject`; without `roles` those that its issuer always gives to the holder of a scope.

        What the issuer may not give is refused by every verifier.
        """
        now = self._clock.now()
        if roles is None:
            roles = ISSUERS[self._issuer].roles if scope is not None else ()
        claims: dict[str, Any] = {
            "iss": self._issuer, "sub": subject, "aud": AUDIENCE, "jti": str(uuid4()),
            "iat": int(now.timestamp()), "exp": int((now + lifetime).timestamp()),
            "roles": sorted(roles), "areas": list(areas),
        }  # fmt: skip
        if scope is not None:
            claims["scope"] = scope
        return jwt.encode(claims, self._key, algorithm=ALGORITHM, headers=self._headers)
