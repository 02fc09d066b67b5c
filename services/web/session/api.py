"""Signing in and out at the console, and going on after a reload. The page is handed the access token alone."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel, ConfigDict, Field, SecretStr

from services.kit.auth import unauthorized
from services.kit.http import problem_response
from services.kit.log import get_logger
from services.kit.problems import ProblemError
from services.web.session.cookie import clear_cookie, read_cookie, set_cookie
from services.web.session.exchange import Exchange
from services.web.session.identity import Identity, Tokens
from services.web.session.own_page import own_page

_log = get_logger(__name__)


class SessionRequest(BaseModel):
    """Who signs in."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Annotated[str, Field(min_length=1, max_length=100)]
    password: Annotated[SecretStr, Field(min_length=1, max_length=200)]


class SessionAnswer(BaseModel):
    """The access token, for the page's memory."""

    access_token: str
    token_type: Literal["Bearer"] = "Bearer"
    expires_in_s: int


def create_session_router(identity: Identity, exchange: Exchange) -> APIRouter:
    """The routes below `/session`."""
    router = APIRouter(prefix="/session", dependencies=[Depends(own_page)])

    @router.post("")
    async def sign_in(body: SessionRequest, request: Request, response: Response) -> SessionAnswer:
        tokens = await identity.sign_in(body.name, body.password.get_secret_value(), _came_from(request))
        await _end_former(identity, exchange, request)
        return _answer(tokens, request, response)

    @router.post("/refresh")
    async def refresh(request: Request, response: Response) -> SessionAnswer:
        token = read_cookie(request)
        if token is None:
            raise unauthorized("Nobody is signed in here.")
        return _answer(await exchange.refresh(token, _came_from(request)), request, response)

    @router.delete("")
    async def sign_out(request: Request) -> Response:
        """The cookie goes in any case. 503 when identity could not be told: copies of the token then live on."""
        response = Response(status_code=204)
        token = read_cookie(request)
        if token is not None:
            exchange.forget(token)
            try:
                await identity.end(token, _came_from(request))
            except ProblemError as error:
                response = problem_response(error.problem)
        clear_cookie(request, response)
        return response

    return router


async def _end_former(identity: Identity, exchange: Exchange, request: Request) -> None:
    """Who signs in anew leaves no former sign-in of this browser behind."""
    token = read_cookie(request)
    if token is None:
        return
    exchange.forget(token)
    try:
        await identity.end(token, _came_from(request))
    except ProblemError:
        _log.warning("session.former-not-ended")


def _answer(tokens: Tokens, request: Request, response: Response) -> SessionAnswer:
    set_cookie(request, response, tokens.refresh_token)
    response.headers["Cache-Control"] = "no-store"
    return SessionAnswer(access_token=tokens.access_token, expires_in_s=tokens.expires_in_s)


def _came_from(request: Request) -> str:
    return request.client.host if request.client else "unknown"
