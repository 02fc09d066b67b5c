"""Problem details (RFC 9457): the one form in which every error answers.

`problems` lists what is wrong and where; `where` is a JSON pointer into the request body (`/place/coordinates/0`),
or `?name` for a query parameter, `path:name` for a path segment and `header:Name` for a header.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Final

import orjson

MEDIA_TYPE: Final = "application/problem+json"
TYPE_PREFIX: Final = "urn:thirdrescue:problem:"
FINDINGS_MAX: Final = 50
"""A body with ten thousand wrong numbers gets the first fifty: enough to mend it, small enough to send."""

_POINTER_ROOTS: Final[Mapping[str, str]] = {"query": "?", "path": "path:", "header": "header:", "cookie": "cookie:"}


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing that is wrong: `where` in the request, `what` in words."""

    where: str
    what: str


@dataclass(frozen=True, kw_only=True)
class Problem:
    """A problem document before it is sent. `kind` is a stable slug that programs may switch on."""

    status: int
    kind: str
    detail: str
    findings: Sequence[Finding] = ()
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def title(self) -> str:
        """The standard phrase of the status, e.g. "Not Found"."""
        return phrase_of(self.status)

    def body(self, *, instance: str | None = None) -> bytes:
        """The JSON document. `instance` is the correlation id, by which the log can be searched."""
        document: dict[str, Any] = {
            "type": TYPE_PREFIX + self.kind,
            "title": self.title,
            "status": self.status,
            "detail": self.detail,
            "problems": [{"where": f.where, "what": f.what} for f in self.findings[:FINDINGS_MAX]],
        }
        if instance is not None:
            document["instance"] = f"urn:uuid:{instance}"
        return orjson.dumps(document)


class ProblemError(Exception):
    """Raised by an endpoint or a dependency to answer with a problem. Rolls back the transaction it passes."""

    def __init__(
        self,
        status: int,
        kind: str,
        detail: str,
        *,
        findings: Sequence[Finding] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.problem = Problem(status=status, kind=kind, detail=detail, findings=tuple(findings), headers=headers or {})


def phrase_of(status: int) -> str:
    """The registered phrase of an HTTP status, or "Error" for one nobody registered."""
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Error"


def pointer(location: Sequence[str | int]) -> str:
    """The `where` of a pydantic error location, whose first part names body, query, path or header."""
    if not location:
        return ""
    root, *rest = location
    if root in _POINTER_ROOTS:
        return _POINTER_ROOTS[str(root)] + "/".join(str(part) for part in rest)
    parts = rest if root == "body" else list(location)
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in parts)


def invalid(findings: Sequence[Finding], detail: str = "The request does not say what is needed.") -> ProblemError:
    """422: the request was understood and is wrong in these places."""
    return ProblemError(422, "invalid", detail, findings=findings)


def not_found(what: str) -> ProblemError:
    """404 for one thing; also used where the reader may not know that the thing exists."""
    return ProblemError(404, "not-found", f"There is no such {what}.")


def conflict(detail: str, findings: Sequence[Finding] = ()) -> ProblemError:
    """409: right in itself, but not in the present state."""
    return ProblemError(409, "conflict", detail, findings=findings)


def forbidden(detail: str) -> ProblemError:
    """403: known, and not allowed."""
    return ProblemError(403, "forbidden", detail)


def unavailable(detail: str, *, retry_after_s: int = 2) -> ProblemError:
    """503: try again; nothing was changed, or the idempotency key makes trying again safe."""
    return ProblemError(503, "unavailable", detail, headers={"Retry-After": str(retry_after_s)})
