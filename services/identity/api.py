"""The identity service's endpoints. Answers that carry a secret are never cached."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, TypeVar
from urllib.parse import parse_qsl
from uuid import UUID, uuid4

import orjson
from fastapi import APIRouter, Query, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import TypeAdapter, ValidationError

from schemas.policy import AccountRole
from services.identity import store
from services.identity.model import Account, ApiKey
from services.identity.passwords import Passwords
from services.identity.requests import (
    ClientGrant,
    MadeApiKey,
    NewAccount,
    NewApiKey,
    PasswordGrant,
    RefreshGrant,
    RevocationRequest,
    TokenAnswer,
    TokenRequest,
)
from services.identity.secrets_made import make_api_key
from services.identity.settings import IdentitySettings
from services.identity.sign_in import Grant, SignIn
from services.kit.entrance import BODY
from services.kit.http import CurrentPrincipal, accepts
from services.kit.problems import Finding, conflict, invalid, not_found
from services.kit.runtime import Runtime

FORM = "application/x-www-form-urlencoded"
_tokens: TypeAdapter[PasswordGrant | ClientGrant | RefreshGrant] = TypeAdapter(TokenRequest)
_revocations: TypeAdapter[RevocationRequest] = TypeAdapter(RevocationRequest)
T = TypeVar("T")


def _form_or_json(request: Request) -> Any:
    """The body, JSON or form; both are checked by the same models."""
    body: bytes = request.scope.get(BODY, b"")
    is_form = request.headers.get("content-type", "").partition(";")[0].strip().lower() == FORM
    try:
        return dict(parse_qsl(body.decode(), max_num_fields=10)) if is_form else orjson.loads(body or b"null")
    except ValueError:
        raise invalid([Finding(where="", what="is not a form with at most 10 fields in UTF-8")]) from None


def _checked(adapter: TypeAdapter[T], request: Request, *, discriminated: bool) -> T:
    try:
        return adapter.validate_python(_form_or_json(request))
    except ValidationError as error:
        # A discriminator's value is a part of pydantic's location, but not of the body.
        skip = 1 if discriminated else 0
        items = [{**item, "loc": ("body", *item["loc"][skip:])} for item in error.errors(include_input=False)]
        raise RequestValidationError(items) from None


async def _grant(sign_in: SignIn, request: Request) -> Grant:
    wanted = _checked(_tokens, request, discriminated=True)
    address = request.client.host if request.client else "unknown"
    match wanted:
        case PasswordGrant():
            return await sign_in.with_password(wanted.name, wanted.password.get_secret_value(), address)
        case ClientGrant():
            return await sign_in.with_api_key(wanted.api_key.get_secret_value(), address)
        case RefreshGrant():
            return await sign_in.with_refresh_token(wanted.refresh_token.get_secret_value())


def create_router(
    runtime: Runtime, settings: IdentitySettings, sign_in: SignIn, passwords: Passwords, jwks_path: Path
) -> APIRouter:
    """All routes of the service."""
    router = APIRouter(prefix="/identity")

    @router.post("/tokens")
    @accepts("application/json", FORM)
    async def sign_in_endpoint(request: Request, response: Response) -> TokenAnswer:
        grant = await _grant(sign_in, request)
        response.headers["Cache-Control"] = "no-store"
        return TokenAnswer(
            access_token=grant.access_token, expires_in_s=grant.expires_in_s, refresh_token=grant.refresh_token
        )

    @router.post("/tokens/revocation")
    @accepts("application/json", FORM)
    async def sign_out_endpoint(request: Request) -> Response:
        """200 for a token that is not known too: its holder wanted it to be worth nothing, and it is."""
        wanted = _checked(_revocations, request, discriminated=False)
        await sign_in.end(wanted.token.get_secret_value())
        return Response(status_code=200, headers={"Cache-Control": "no-store"})

    @router.get("/jwks")
    def public_keys() -> Response:  # not async: FastAPI runs it in a thread, because it reads a file
        return Response(jwks_path.read_bytes(), media_type="application/jwk-set+json")

    _add_accounts(router, runtime, passwords)
    _add_api_keys(router, runtime, settings)
    return router


def _add_accounts(router: APIRouter, runtime: Runtime, passwords: Passwords) -> None:
    @router.get("/accounts")
    async def list_accounts(after: Annotated[str, Query(max_length=100)] = "") -> list[Account]:
        async with runtime.pool.acquire() as connection:
            return await store.list_accounts(connection, after)

    @router.post("/accounts", status_code=201)
    async def add_account(body: NewAccount, principal: CurrentPrincipal) -> dict[str, UUID]:
        password_hash = await passwords.hash(body.password.get_secret_value())
        account_id = uuid4()
        async with runtime.pool.acquire() as connection:
            added = await store.add_account(
                connection, account_id, name=body.name, password_hash=password_hash, roles=body.roles,
                areas=body.areas, now=runtime.clock.now(), actor=principal.subject,
            )  # fmt: skip
        if not added:
            raise conflict("There is an account of this name.", [Finding(where="/name", what="is taken")])
        return {"account_id": account_id}

    @router.delete("/accounts/{account_id}", status_code=204)
    async def disable_account(account_id: UUID) -> None:
        async with runtime.pool.acquire() as connection, connection.transaction():
            await _disable(connection, account_id, runtime.clock.now())


async def _disable(connection: Any, account_id: UUID, now: Any) -> None:
    await store.queries.lock_accounts(connection)
    account = await store.get_account(connection, account_id)
    if account is None:
        raise not_found("account")
    if AccountRole.ADMINISTRATOR in account.roles:
        others = await store.queries.other_administrators(connection, id=account_id)
        if others == 0:
            raise conflict("This is the last administrator; make another one first.")
    await store.queries.disable_account(connection, id=account_id, now=now)
    await store.queries.revoke_refresh_tokens_of(connection, account_id=account_id, now=now)


def _add_api_keys(router: APIRouter, runtime: Runtime, settings: IdentitySettings) -> None:
    @router.get("/api-keys")
    async def list_api_keys() -> list[ApiKey]:
        async with runtime.pool.acquire() as connection:
            return await store.list_api_keys(connection)

    @router.post("/api-keys", status_code=201)
    async def add_api_key(body: NewApiKey, principal: CurrentPrincipal, response: Response) -> MadeApiKey:
        now = runtime.clock.now()
        latest = now + timedelta(days=settings.api_key_days_max)
        if not now < body.expires_at <= latest:
            what = f"must lie in the future, at most {settings.api_key_days_max} days from now"
            raise invalid([Finding(where="/expires_at", what=what)])
        prefix, made = make_api_key()
        key_id = uuid4()
        async with runtime.pool.acquire() as connection:
            await store.queries.add_api_key(
                connection, id=key_id, prefix=prefix, secret_sha256=made.sha256, label=body.label,
                roles=sorted(set(body.roles)), areas=body.areas, now=now, actor=principal.subject,
                expires_at=body.expires_at,
            )  # fmt: skip
        response.headers["Cache-Control"] = "no-store"
        return MadeApiKey(id=key_id, prefix=prefix, api_key=made.text)

    @router.delete("/api-keys/{key_id}", status_code=204)
    async def revoke_api_key(key_id: UUID) -> None:
        async with runtime.pool.acquire() as connection:
            revoked = await store.queries.revoke_api_key(connection, id=key_id, now=runtime.clock.now())
        if revoked is None:
            raise not_found("API key")
