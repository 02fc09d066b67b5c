"""The policy table bound to the routes: which row guards a request, and whether the principal passes it.

`Gate.bind` refuses an app that has a route without a row or a row without a route. At run time a request is matched
against the app's own compiled routes in the app's own order, so that the gate and the router cannot disagree.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response

from schemas.policy import Row
from services.kit.auth import Principal, TokenRefused, TokenVerifier, unauthorized
from services.kit.problems import ProblemError, forbidden

SCHEME: Final = "bearer "
DirectEndpoint = Callable[[Request], Awaitable[Response]]


class PolicyError(Exception):
    """Routes and policy rows do not match one to one."""


@dataclass(frozen=True, kw_only=True)
class GuardedRoute:
    """A route of the app with its row; `accepts` are the body's media types."""

    method: str
    template: str
    pattern: re.Pattern[str]
    row: Row
    accepts: frozenset[str]
    takes_body: bool
    direct: DirectEndpoint | None = None
    """Called by the entrance itself, past the framework."""
    streamed_bytes_max: int | None = None
    """The endpoint reads its body itself, up to so many bytes."""


@dataclass(frozen=True)
class Match:
    """A request's route and the raw values of its path parameters."""

    route: GuardedRoute
    parameters: Mapping[str, str] = field(default_factory=dict)


def check_rows(routes: Iterable[tuple[str, str]], rows: Sequence[Row]) -> Mapping[tuple[str, str], Row]:
    """Rows by (method, path), or `PolicyError` that names every difference between routes and rows."""
    wanted = {(row.method, row.path): row for row in rows}
    existing = set(routes)
    without_row = sorted(existing - wanted.keys())
    without_route = sorted(wanted.keys() - existing)
    if without_row or without_route:
        words = [f"{method} {path} has no row in schemas/policy.py" for method, path in without_row]
        words += [f"{method} {path} is in schemas/policy.py, but is not served" for method, path in without_route]
        raise PolicyError("; ".join(words) + ".")
    return wanted


class RouteTable:
    """Finds a request's guarded route. Routes without parameters by one look-up, others in the app's order."""

    def __init__(self, routes: Sequence[GuardedRoute]) -> None:
        self._fixed: dict[str, dict[str, GuardedRoute]] = {}
        self._by_service: dict[str, list[GuardedRoute]] = {}
        for route in routes:
            if "{" not in route.template:
                self._fixed.setdefault(route.template, {})[route.method] = route
            else:
                self._by_service.setdefault(_first_segment(route.template), []).append(route)
        self.routes = tuple(routes)

    def find(self, method: str, path: str) -> Match | frozenset[str]:
        """The match, or the methods the path allows (none: no such path)."""
        fixed = self._fixed.get(path)
        if fixed is not None and method in fixed:
            return Match(fixed[method])
        allowed = set(fixed or ())
        for route in self._by_service.get(_first_segment(path), ()):
            matched = route.pattern.match(path)
            if matched is None:
                continue
            if route.method == method:
                return Match(route, matched.groupdict())
            allowed.add(route.method)
        return frozenset(allowed)


def _first_segment(path: str) -> str:
    return path[1:].partition("/")[0]


class Guard:
    """Decides whether a request passes its row."""

    def __init__(self, verifier: TokenVerifier, shared_keys: Mapping[str, str]) -> None:
        self._verifier = verifier
        self._shared_keys = shared_keys

    def admit(self, match: Match, authorization: str | None) -> Principal | None:
        """The principal (none for public routes and shared keys), or 401 / 403 as `ProblemError`."""
        row = match.route.row
        if row.public:
            return None
        if authorization is None or authorization[: len(SCHEME)].lower() != SCHEME:
            raise unauthorized("This needs a token: Authorization: Bearer ...")
        token = authorization[len(SCHEME) :].strip()
        if row.shared_key is not None:
            self._check_shared_key(row.shared_key, token)
            return None
        try:
            principal = self._verifier.verify(token)
        except TokenRefused as refused:
            raise unauthorized(str(refused)) from None
        check_row(row, principal, match.parameters)
        return principal

    def _check_shared_key(self, name: str, offered: str) -> None:
        expected = self._shared_keys.get(name, "")
        if not expected or not hmac.compare_digest(expected.encode(), offered.encode()):
            raise unauthorized("This needs the key that both sides share.")


def check_row(row: Row, principal: Principal, parameters: Mapping[str, Any]) -> None:
    """403 unless the row lets the principal pass.

    A token with a scope passes only where the row has a scope of the same kind, and, when the path names the object
    (`{page_id}`, `{mission_id}`), only for that object; otherwise the handler compares it (`require_scope`).
    """
    if principal.scope is not None:
        kind, _, object_id = principal.scope.partition(":")
        named = parameters.get(f"{kind}_id")
        if row.scope != kind or (named is not None and str(named).lower() != object_id):
            raise forbidden("This token is for another object.")
        return
    if not row.roles & principal.roles:
        raise ProblemError(403, "forbidden", "Your account's roles do not allow this.")
