"""The instance's own secrets: signing keys, database passwords, the first account's password. Made once, kept 0600."""

from __future__ import annotations

import base64
import json
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from services.catalog import SERVICES
from services.cli.instance.record import replace_file

SIGNERS: Final = ("identity", "alerts")
ADMIN_NAME: Final = "admin"
POSTGRES_SUPERUSER: Final = "postgres"


# What a service in a container gets of all this; nothing else is mounted into it.
SECRETS_OF: Final[Mapping[str, tuple[str, ...]]] = {
    "identity": ("identity.key.pem", "admin.password"),
    "alerts": ("alerts.key.pem", "page-gateway.key"),
    "pagegateway": ("page-gateway.key",),
}
FOR_ALL: Final = ("jwks.json",)


def hand_out(folder: Path, shares: Path) -> None:
    """Copy to each service's own folder under `shares` what it may have."""
    for entry in SERVICES:
        share = shares / entry.name
        share.mkdir(mode=0o700, parents=True, exist_ok=True)
        for name in (*FOR_ALL, *SECRETS_OF.get(entry.name, ())):
            replace_file(share / name, (folder / name).read_text("utf-8"))


def ensure_secrets(folder: Path) -> None:
    """Make what is missing; what exists stays."""
    for entry in SERVICES:
        if entry.has_database:
            _ensure_password(folder / f"postgres-{entry.name}.password")
    _ensure_password(folder / f"postgres-{POSTGRES_SUPERUSER}.password")
    _ensure_password(folder / "page-gateway.key")
    if any(not (folder / name).exists() for name in ("jwks.json", *(f"{s}.key.pem" for s in SIGNERS))):
        _make_signing_keys(folder)
    _ensure_password(admin_password_file(folder))


def admin_password_file(folder: Path) -> Path:
    """Where the first account's password is kept."""
    return folder / "admin.password"


def database_password(folder: Path, name: str) -> str:
    """The password of a service's role, or of the superuser."""
    return (folder / f"postgres-{name}.password").read_text("utf-8").strip()


def _ensure_password(path: Path) -> None:
    if not path.exists():
        replace_file(path, secrets.token_hex(16) + "\n")


def _make_signing_keys(folder: Path) -> None:
    """One Ed25519 key per signer, and the public halves as a JSON Web Key Set (RFC 8037)."""
    # Imported here: only the very first `up` needs it.
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    public = []
    for signer in SIGNERS:
        key = Ed25519PrivateKey.generate()
        pem = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        replace_file(folder / f"{signer}.key.pem", pem.decode())
        raw = key.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
        x = base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
        public.append({"kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "use": "sig", "kid": signer, "x": x})
    replace_file(folder / "jwks.json", json.dumps({"keys": public}, indent=2) + "\n")
