"""The cookie that holds the refresh token: no script reads it, no other site sends it, no other path gets it."""

from __future__ import annotations

from typing import Final

from fastapi import Request, Response

PATH: Final = "/session"
TOKEN_LENGTH_MAX: Final = 200


def read_cookie(request: Request) -> str | None:
    """The refresh token; None if there is none, or something that cannot be one."""
    token = request.cookies.get(_name(request))
    return token if token and len(token) <= TOKEN_LENGTH_MAX else None


def set_cookie(request: Request, response: Response, refresh_token: str) -> None:
    """Give the browser the token. It ends with the browser: nobody after this person finds it."""
    response.set_cookie(
        _name(request), refresh_token, path=PATH, secure=_is_secure(request), httponly=True, samesite="strict"
    )


def clear_cookie(request: Request, response: Response) -> None:
    """Take the token back."""
    response.delete_cookie(_name(request), path=PATH, secure=_is_secure(request), httponly=True, samesite="strict")


def _is_secure(request: Request) -> bool:
    return request.url.scheme == "https"


def _name(request: Request) -> str:
    """Browsers send cookies to all ports of a host: two instances of one machine have each their own."""
    prefix = "__Secure-" if _is_secure(request) else ""
    port = request.headers.get("host", "").rpartition(":")[2]
    return f"{prefix}thirdrescue-session-{port if port.isdecimal() else 'default'}"
