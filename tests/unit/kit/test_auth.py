"""Tokens: what a verifier accepts, and everything it must refuse."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key

from schemas.policy import AccountRole
from services.kit.auth import (
    CACHE_MAX,
    KeySet,
    Principal,
    TokenRefused,
    TokenSigner,
    TokenVerifier,
    require_all_jurisdiction,
    require_jurisdiction,
    require_scope,
)
from services.kit.clock import ManualClock
from services.kit.problems import ProblemError
from services.kit.settings import SettingsError
from tests.support.signing import Signing, make_signing

NOW = datetime(2026, 5, 12, 6, 28, tzinfo=UTC)
LIFE = timedelta(minutes=10)
PAGE = "5e9f2f0e-8d8a-4d67-b3d8-7f6d5f1f7a01"


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NOW)


@pytest.fixture
def signing(tmp_path: Path, clock: ManualClock) -> Signing:
    return make_signing(tmp_path, clock)


def claims(**changes: Any) -> dict[str, Any]:
    whole = {
        "iss": "identity", "sub": "s", "aud": "thirdrescue", "jti": "1", "iat": int(NOW.timestamp()),
        "exp": int((NOW + LIFE).timestamp()), "roles": ["viewer"], "areas": ["510000"],
    }  # fmt: skip
    return {key: value for key, value in (whole | changes).items() if value is not ...}


def own_key(folder: Path, issuer: str = "identity") -> Any:
    return load_pem_private_key((folder / f"{issuer}.key.pem").read_bytes(), None)


def test_a_signed_account_token_gives_its_principal(signing: Signing) -> None:
    token = signing.identity.sign("s-1", lifetime=LIFE, roles=[AccountRole.VIEWER], areas=["510000"])
    principal = signing.verifier.verify(token)
    assert (principal.subject, principal.areas) == ("s-1", ("510000",))
    assert principal.roles == {AccountRole.VIEWER}
    assert (principal.issuer, principal.scope) == ("identity", None)


def test_a_token_for_one_object_has_a_scope_and_no_areas(signing: Signing) -> None:
    principal = signing.verifier.verify(signing.alerts.sign("v", lifetime=LIFE, scope=f"page:{PAGE}"))
    assert (principal.scope, principal.areas) == (f"page:{PAGE}", ())
    assert principal.roles == {AccountRole.VOLUNTEER}


@pytest.mark.parametrize(
    "make",
    [
        pytest.param(lambda s: s.alerts.sign("v", lifetime=LIFE, roles=[AccountRole.VOLUNTEER]), id="alerts, no scope"),
        pytest.param(lambda s: s.alerts.sign("v", lifetime=LIFE, scope="page:all"), id="scope of no object"),
        pytest.param(lambda s: s.alerts.sign("v", lifetime=LIFE, scope=f"case:{PAGE}"), id="scope of another kind"),
        pytest.param(
            lambda s: s.alerts.sign("v", lifetime=LIFE, roles=[AccountRole.DUTY_OFFICER], scope=f"page:{PAGE}"),
            id="alerts gives a higher role",
        ),
        pytest.param(
            lambda s: s.alerts.sign("v", lifetime=LIFE, areas=["*"], scope=f"page:{PAGE}"), id="alerts gives areas"
        ),
        pytest.param(
            lambda s: s.identity.sign("v", lifetime=LIFE, roles=[AccountRole.VIEWER], scope=f"page:{PAGE}"),
            id="identity gives a scope",
        ),
    ],
)
def test_an_issuer_cannot_give_what_is_not_its_to_give(signing: Signing, make: Callable[[Signing], str]) -> None:
    with pytest.raises(TokenRefused):
        signing.verifier.verify(make(signing))


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"iss": "alerts"}, id="another issuer's name"),
        pytest.param({"iss": "nobody"}, id="unknown issuer"),
        pytest.param({"aud": "another-system"}, id="another audience"),
        pytest.param({"exp": int((NOW - timedelta(seconds=1)).timestamp())}, id="expired"),
        pytest.param({"iat": int((NOW + timedelta(minutes=2)).timestamp())}, id="issued in the future"),
        pytest.param({"nbf": int((NOW + timedelta(minutes=2)).timestamp())}, id="not valid yet"),
        pytest.param({"roles": ["emperor"]}, id="unknown role"),
        pytest.param({"roles": 5}, id="roles are no list"),
        pytest.param({"areas": "*"}, id="areas are no list"),
        pytest.param({"exp": "soon"}, id="expiry is no number"),
        pytest.param({"exp": 10**40}, id="expiry out of range"),
        *(pytest.param({name: ...}, id=f"without {name}") for name in ("iss", "sub", "aud", "exp", "iat", "jti")),
    ],
)
def test_wrong_claims_are_refused_although_the_signature_is_right(
    signing: Signing, tmp_path: Path, changes: dict[str, Any]
) -> None:
    token = jwt.encode(claims(**changes), own_key(tmp_path), algorithm="EdDSA", headers={"kid": "identity"})
    with pytest.raises(TokenRefused):
        signing.verifier.verify(token)


def test_right_claims_made_the_same_way_are_accepted(signing: Signing, tmp_path: Path) -> None:
    token = jwt.encode(claims(), own_key(tmp_path), algorithm="EdDSA", headers={"kid": "identity"})
    assert signing.verifier.verify(token).subject == "s"


def test_a_key_of_somebody_else_is_refused(signing: Signing) -> None:
    token = jwt.encode(claims(), Ed25519PrivateKey.generate(), algorithm="EdDSA", headers={"kid": "identity"})
    with pytest.raises(TokenRefused):
        signing.verifier.verify(token)


def test_an_unknown_key_id_is_refused(signing: Signing, tmp_path: Path) -> None:
    token = jwt.encode(claims(), own_key(tmp_path), algorithm="EdDSA", headers={"kid": "identity-9"})
    with pytest.raises(TokenRefused):
        signing.verifier.verify(token)


def test_no_algorithm_but_eddsa_is_believed(signing: Signing, tmp_path: Path) -> None:
    public = own_key(tmp_path).public_key()
    unsigned = jwt.encode(claims(), "", algorithm="none", headers={"kid": "identity"})
    # The classic confusion: the public key, which everybody has, used as the secret of an HMAC.
    parts = [json.dumps({"alg": "HS256", "kid": "identity"}).encode(), json.dumps(claims()).encode()]
    head = b".".join(base64.urlsafe_b64encode(part).rstrip(b"=") for part in parts)
    import hashlib
    import hmac

    raw = public.public_bytes(Encoding.Raw, PublicFormat.Raw)
    mac = base64.urlsafe_b64encode(hmac.new(raw, head, hashlib.sha256).digest()).rstrip(b"=")
    for token in (unsigned, (head + b"." + mac).decode()):
        with pytest.raises(TokenRefused):
            signing.verifier.verify(token)


@pytest.mark.parametrize("token", ["", "x", "a.b.c", "..", "é.é.é", "A" * 5000])
def test_what_is_no_token_is_refused(signing: Signing, token: str) -> None:
    with pytest.raises(TokenRefused):
        signing.verifier.verify(token)


def test_a_token_seen_before_still_expires(signing: Signing, clock: ManualClock) -> None:
    token = signing.identity.sign("s", lifetime=LIFE, roles=[AccountRole.VIEWER])
    signing.verifier.verify(token)
    clock.advance(LIFE)
    with pytest.raises(TokenRefused, match="expired"):
        signing.verifier.verify(token)


def test_the_cache_of_tokens_is_bounded(signing: Signing, clock: ManualClock) -> None:
    assert CACHE_MAX <= 20_000
    one = signing.verifier.verify(signing.identity.sign("s", lifetime=LIFE, roles=[]))
    signing.verifier._cache = {str(n): one for n in range(CACHE_MAX)}
    signing.verifier.verify(signing.identity.sign("t", lifetime=LIFE, roles=[]))
    assert len(signing.verifier._cache) == CACHE_MAX


def test_a_new_key_is_found_without_a_restart(tmp_path: Path, clock: ManualClock) -> None:
    signing = make_signing(tmp_path, clock)
    key = Ed25519PrivateKey.generate()
    rotated = TokenSigner("identity", key, clock, key_id="identity-2").sign("s", lifetime=LIFE, roles=[])
    keys = json.loads((tmp_path / "jwks.json").read_text())
    jwk = jwt.algorithms.OKPAlgorithm.to_jwk(key.public_key(), as_dict=True)
    (tmp_path / "jwks.json").write_text(json.dumps({"keys": [*keys["keys"], {**jwk, "kid": "identity-2"}]}))
    with pytest.raises(TokenRefused):  # the file was read a moment ago
        signing.verifier.verify(rotated)
    clock.advance(timedelta(seconds=11))
    assert signing.verifier.verify(rotated).subject == "s"


def test_a_key_set_that_cannot_be_read_is_one_sentence(tmp_path: Path, clock: ManualClock) -> None:
    (tmp_path / "jwks.json").write_text("{")
    with pytest.raises(SettingsError, match=r"jwks\.json"):
        TokenVerifier(KeySet(tmp_path / "jwks.json", clock), clock)


def principal(areas: tuple[str, ...], scope: str | None = None) -> Principal:
    return Principal(subject="s", roles=frozenset(), areas=areas, issuer="identity", scope=scope)


def test_jurisdiction_is_a_prefix_of_area_codes() -> None:
    require_jurisdiction(principal(("510000",)), ["510722"])
    require_jurisdiction(principal(("510000",)), ["620000", "510722"])
    require_jurisdiction(principal(("*",)), ["620000"])
    for areas in (("620000",), ()):
        with pytest.raises(ProblemError) as refused:
            require_jurisdiction(principal(areas), ["510722"])
        assert refused.value.problem.status == 403


def test_changes_in_bulk_need_all_their_areas() -> None:
    require_all_jurisdiction(principal(("510000", "620000")), ["510722", "620100"])
    with pytest.raises(ProblemError):
        require_all_jurisdiction(principal(("510000",)), ["510722", "620100"])


def test_a_scoped_token_is_for_its_object_only() -> None:
    require_scope(principal((), f"page:{PAGE}"), "page", PAGE)
    require_scope(principal(("*",)), "page", PAGE)
    with pytest.raises(ProblemError):
        require_scope(principal((), "page:00000000-0000-0000-0000-000000000000"), "page", PAGE)
