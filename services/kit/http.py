"""The HTTP layer: one FastAPI app per process, with every service's routes behind one gate.

From the outside in: `Observer` (correlation id, metrics, the last catch), `Entrance` (route, identity, media type, body
limit and strict JSON; calls `direct` endpoints itself), FastAPI (validation, endpoints). The first two are plain ASGI,
because they lie on the path of every declaration. Every error, from whatever layer, answers with problem details.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Final, TypeVar

import asyncpg
from fastapi import APIRouter, Depends, FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute, iter_route_contexts
from pydantic import BaseModel, ValidationError
from starlette.exceptions import HTTPException

from schemas.policy import Row
from services.kit import metrics
from services.kit.auth import Principal, TokenVerifier, unauthorized
from services.kit.db import is_transient
from services.kit.entrance import BODY, PRINCIPAL, Entrance
from services.kit.health import Health
from services.kit.log import CORRELATION, describe_error, get_logger
from services.kit.observe import Observer
from services.kit.policy_check import (
    DirectEndpoint,
    Guard,
    GuardedRoute,
    PolicyError,
    RouteTable,
    check_rows,
)
from services.kit.problems import MEDIA_TYPE, Finding, Problem, ProblemError, invalid, phrase_of, pointer, unavailable
from services.kit.settings import KitSettings, SettingsError

_log = get_logger(__name__)
_JSON: Final = frozenset({"application/json"})
_ACCEPTS: Final = "__accepts__"
_DIRECT: Final = "__direct__"
_STREAMED: Final = "__streamed__"
_FAULTS: Final = (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError)
"""What a database that is away ends in; `_on_fault` tells those apart that heal by themselves."""
_LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "localhost", "testclient"})
F = TypeVar("F", bound=Callable[..., Any])


def accepts(*media_types: str) -> Callable[[F], F]:
    """Declare the media types of an endpoint's body when they are not only JSON."""

    def mark(endpoint: F) -> F:
        setattr(endpoint, _ACCEPTS, frozenset(media_types))
        return endpoint

    return mark


def streamed(*media_types: str, bytes_max: int) -> Callable[[F], F]:
    """Declare that an endpoint reads its body itself, piece by piece (`request.stream()`), of these media types.

    The body is not held in memory and not looked at before; one larger than `bytes_max` is a 413 where that shows,
    which may be in the middle of reading.
    """

    def mark(endpoint: F) -> F:
        setattr(endpoint, _STREAMED, bytes_max)
        return accepts(*media_types)(endpoint)

    return mark


def direct(endpoint: F) -> F:
    """Declare that an endpoint without path parameters takes the bare request and answers with a `Response`.

    It is then called by the entrance itself, without the framework's middleware, routing and reading of parameters,
    which cost a quarter of a short request. Problems and faults answer as they do elsewhere.
    """
    setattr(endpoint, _DIRECT, True)
    return endpoint


async def current_principal(request: Request) -> Principal:
    """Who asks, as the entrance has found out."""
    principal = request.scope.get(PRINCIPAL)
    if not isinstance(principal, Principal):  # a public route asked for it: a mistake, answered safely
        raise unauthorized("This needs a token: Authorization: Bearer ...")
    return principal


CurrentPrincipal = Annotated[Principal, Depends(current_principal)]
"""Parameter type of endpoints that need to know who asks."""


M = TypeVar("M", bound=BaseModel)


def read_json(request: Request, model: type[M]) -> M:
    """The body as a model, for an endpoint that takes the bare request because it is asked very often.

    Saves the framework's reading of parameters. Such an endpoint is marked with `accepts("application/json")`.
    Raises the problem that the framework's own validation would end in.
    """
    try:
        return model.model_validate_json(request.scope[BODY])
    except ValidationError as error:
        faults = error.errors(include_url=False, include_input=False, include_context=False)
        raise invalid([Finding(where=pointer(("body", *item["loc"])), what=item["msg"]) for item in faults]) from None


def problem_response(problem: Problem) -> Response:
    """The problem as a response, with the correlation id as its instance."""
    correlation = CORRELATION.get()
    body = problem.body(instance=str(correlation) if correlation else None)
    return Response(body, problem.status, dict(problem.headers), media_type=MEDIA_TYPE)


async def _on_problem(_: Request, error: Exception) -> Response:
    assert isinstance(error, ProblemError)
    return problem_response(error.problem)


async def _on_http_exception(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    kind = phrase_of(error.status_code).lower().replace(" ", "-")
    problem = Problem(status=error.status_code, kind=kind, detail=str(error.detail), headers=error.headers or {})
    return problem_response(problem)


async def _on_invalid(_: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    findings = tuple(Finding(where=pointer(item["loc"]), what=str(item["msg"])) for item in error.errors())
    detail = "The request does not say what is needed."
    return problem_response(Problem(status=422, kind="invalid", detail=detail, findings=findings))


async def _on_fault(_: Request, error: Exception) -> Response:
    if not is_transient(error):
        raise error
    _log.warning("http.database-away", error=describe_error(error))
    return problem_response(unavailable("The database does not answer; try again.").problem)


async def _on_unknown(_: Request, __: Exception) -> Response:
    """The framework sends this and raises the error on, so that the observer logs it."""
    detail = "Something went wrong here. The correlation id finds it in the log."
    return problem_response(Problem(status=500, kind="internal", detail=detail))


def _infrastructure(health: Health, *, metrics_from_anywhere: bool) -> APIRouter:
    router = APIRouter()

    @router.get("/live")
    async def live() -> dict[str, bool]:
        return {"live": True}

    @router.get("/ready")
    async def ready(response: Response) -> dict[str, object]:
        report = await health.report()
        response.status_code = 200 if report.ready else 503
        return report.document()

    @router.get("/metrics")
    async def exposition(request: Request) -> Response:
        client = request.client.host if request.client else ""
        if not metrics_from_anywhere and client not in _LOOPBACK:
            raise ProblemError(403, "forbidden", "Metrics are served on loopback only.")
        content, media_type = metrics.exposition()
        return Response(content, media_type=media_type)

    return router


INFRASTRUCTURE_ROWS: Final = tuple(
    Row(service="kit", method="GET", path=path, public=True) for path in ("/live", "/ready", "/metrics")
)


def guarded_routes(app: FastAPI, rows: Sequence[Row]) -> list[GuardedRoute]:
    """Every route of the app with its policy row, in the app's order. Raises `PolicyError`."""
    contexts = [context for context in iter_route_contexts(app.routes) if isinstance(context.original_route, APIRoute)]
    found = [(method, str(c.path), c) for c in contexts for method in sorted(c.methods or ())]
    by_path = check_rows([(method, path) for method, path, _ in found], rows)
    return [
        GuardedRoute(
            method=method, template=path, pattern=context.path_regex, row=by_path[method, path],
            accepts=getattr(context.endpoint, _ACCEPTS, _JSON),
            takes_body=context.body_field is not None or hasattr(context.endpoint, _ACCEPTS),
            direct=_as_direct(context.endpoint, path),
            streamed_bytes_max=getattr(context.endpoint, _STREAMED, None),
        )
        for method, path, context in found
    ]  # fmt: skip


def _as_direct(endpoint: Any, path: str) -> DirectEndpoint | None:
    """What the entrance calls for an endpoint that is marked as direct."""
    if not getattr(endpoint, _DIRECT, False):
        return None
    if "{" in path:
        raise PolicyError(f"{path} has parameters: the entrance does not read them, so it cannot be direct.")

    async def serve(request: Request) -> Response:
        try:
            response: Response = await endpoint(request)
        except _FAULTS as error:
            return await _on_fault(request, error)
        return response

    return serve


def read_shared_keys(rows: Iterable[Row], secrets_dir: Path | None) -> Mapping[str, str]:
    """The contents of the key files that the rows name."""
    names = {row.shared_key for row in rows if row.shared_key is not None}
    if not names:
        return {}
    try:
        return {name: ((secrets_dir or Path()) / name).read_text(encoding="utf-8").strip() for name in names}
    except OSError as error:
        raise SettingsError(f"The key file {error.filename} cannot be read.") from error


def build_app(
    routers: Sequence[APIRouter],
    rows: Sequence[Row],
    *,
    settings: KitSettings,
    verifier: TokenVerifier,
    health: Health,
) -> Observer:
    """The ASGI app of one process. Raises `PolicyError` when routes and rows differ."""
    app = FastAPI(
        title="Third Rescue", docs_url=None, redoc_url=None, openapi_url=None, redirect_slashes=False,
        exception_handlers={
            ProblemError: _on_problem, HTTPException: _on_http_exception, RequestValidationError: _on_invalid,
            Exception: _on_unknown, **dict.fromkeys(_FAULTS, _on_fault),
        },
    )  # fmt: skip
    app.include_router(_infrastructure(health, metrics_from_anywhere=settings.metrics_from_anywhere))
    for router in routers:
        app.include_router(router)
    table = RouteTable(guarded_routes(app, (*INFRASTRUCTURE_ROWS, *rows)))
    guard = Guard(verifier, read_shared_keys(rows, settings.secrets_dir))
    entrance = Entrance(app, table, guard, body_bytes_max=settings.request_body_bytes_max)
    return Observer(entrance, app)
