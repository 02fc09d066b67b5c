"""Keys and tokens for tests: one signer per issuer, and the verifier that trusts both."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from services.kit.auth import KeySet, TokenSigner, TokenVerifier
from services.kit.clock import Clock, SystemClock

PAGE_GATEWAY_KEY = "a shared key of the tests"


@dataclass(frozen=True)
class Signing:
    """Both issuers, and who checks them."""

    identity: TokenSigner
    alerts: TokenSigner
    verifier: TokenVerifier


def make_signing(folder: Path, clock: Clock | None = None) -> Signing:
    """Write a whole secrets folder, as an instance has one, and the objects that use it."""
    clock = clock or SystemClock()
    public = []
    for issuer in ("identity", "alerts"):
        key = Ed25519PrivateKey.generate()
        pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        (folder / f"{issuer}.key.pem").write_bytes(pem)
        jwk = jwt.algorithms.OKPAlgorithm.to_jwk(key.public_key(), as_dict=True)
        public.append({**jwk, "kid": issuer, "use": "sig", "alg": "EdDSA"})
    (folder / "jwks.json").write_text(json.dumps({"keys": public}))
    (folder / "page-gateway.key").write_text(PAGE_GATEWAY_KEY + "\n")
    return Signing(
        TokenSigner.from_file("identity", folder, clock),
        TokenSigner.from_file("alerts", folder, clock),
        TokenVerifier(KeySet(folder / "jwks.json", clock), clock),
    )
