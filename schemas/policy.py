"""Who may do what: one row per route. Nothing that is not in this table is served.

A row lists the roles that pass. `jurisdiction` says that the handler must also check that the object lies in the
reader's area codes. `scope` says that a page or mission token passes instead of a role, for that one object.
The services' apps refuse to start when a route has no row or a row no route.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class AccountRole(StrEnum):
    """What an account (a person's or a machine's) may do."""

    ADMINISTRATOR = "administrator"
    DUTY_OFFICER = "duty-officer"
    STATION_LEAD = "station-lead"
    CLINICIAN = "clinician"
    VIEWER = "viewer"
    AUDITOR = "auditor"
    VOLUNTEER = "volunteer"


@dataclass(frozen=True, kw_only=True)
class IssuerRights:
    """What a token of one issuer may say. With `scopes`, it must have the scope `<kind>:<id>` of one object."""

    roles: frozenset[AccountRole]
    scopes: frozenset[str] = frozenset()


ISSUERS: Final = {
    "identity": IssuerRights(roles=frozenset(AccountRole)),
    "alerts": IssuerRights(
        roles=frozenset({AccountRole.VOLUNTEER}), scopes=frozenset({"page", "mission", "volunteer"})
    ),
}
"""Who signs tokens. A key belongs to one issuer by its key id, so none can speak for another."""


@dataclass(frozen=True, kw_only=True)
class Row:
    """One route and who may use it."""

    service: str
    method: str
    path: str
    roles: frozenset[AccountRole] = frozenset()
    jurisdiction: bool = False
    scope: str | None = None
    public: bool = False
    shared_key: str | None = None
    """Name of the file in the secrets folder whose content passes instead of a token (machines beside the product)."""


_ADMIN = frozenset({AccountRole.ADMINISTRATOR})
_DUTY = frozenset({AccountRole.DUTY_OFFICER})
_LEADS = frozenset({AccountRole.DUTY_OFFICER, AccountRole.STATION_LEAD})
IDENTITY_READERS: Final = _DUTY
"""Who may take names, telephone numbers and certificates out of the registry, where their row lets them in."""
_CLINICAL = frozenset({AccountRole.CLINICIAN})
_WATCH = frozenset(
    {AccountRole.DUTY_OFFICER, AccountRole.STATION_LEAD, AccountRole.CLINICIAN, AccountRole.VIEWER, AccountRole.AUDITOR}
)


def _row(
    service: str,
    method: str,
    path: str,
    roles: frozenset[AccountRole] = frozenset(),
    *,
    jurisdiction: bool = False,
    scope: str | None = None,
    public: bool = False,
) -> Row:
    return Row(
        service=service,
        method=method,
        path=f"/{service}{path}",
        roles=roles,
        jurisdiction=jurisdiction,
        scope=scope,
        public=public,
    )


_IDENTITY = (
    _row("identity", "POST", "/tokens", public=True),
    _row("identity", "POST", "/tokens/revocation", public=True),
    _row("identity", "GET", "/jwks", public=True),
    _row("identity", "GET", "/accounts", _ADMIN),
    _row("identity", "POST", "/accounts", _ADMIN),
    _row("identity", "DELETE", "/accounts/{account_id}", _ADMIN),
    _row("identity", "GET", "/api-keys", _ADMIN),
    _row("identity", "POST", "/api-keys", _ADMIN),
    _row("identity", "DELETE", "/api-keys/{key_id}", _ADMIN),
)
_REGISTRY = (
    _row("registry", "POST", "/stations:batch", _DUTY, jurisdiction=True),
    _row("registry", "POST", "/volunteers:batch", _DUTY, jurisdiction=True),
    _row("registry", "GET", "/stations", _WATCH),
    _row("registry", "GET", "/stations/{station_id}", _WATCH),
    _row("registry", "GET", "/stations/{station_id}/children", _WATCH),
    _row("registry", "GET", "/stations/{station_id}/ancestors", _WATCH),
    _row("registry", "GET", "/stations/{station_id}/subtree", _WATCH),
    _row("registry", "POST", "/stations/{station_id}/verifications", _LEADS, jurisdiction=True),
    _row("registry", "POST", "/stations/{station_id}/suspension", _DUTY, jurisdiction=True),
    _row("registry", "GET", "/station-vocabulary", _WATCH),
    _row("registry", "GET", "/norms", _WATCH),
    _row("registry", "POST", "/norm-totals", _DUTY, jurisdiction=True),
    _row("registry", "POST", "/station-proposals", _LEADS, jurisdiction=True),
    _row("registry", "GET", "/station-proposals", _LEADS | {AccountRole.AUDITOR}, jurisdiction=True),
    _row("registry", "GET", "/station-proposals/waiting-for-me", _LEADS, jurisdiction=True),
    _row("registry", "GET", "/station-proposals/{proposal_id}", _LEADS | {AccountRole.AUDITOR}, jurisdiction=True),
    _row("registry", "POST", "/station-proposals/{proposal_id}/decisions", _LEADS, jurisdiction=True),
    _row("registry", "GET", "/stations/{station_id}/history", _LEADS | {AccountRole.AUDITOR}, jurisdiction=True),
    _row("registry", "GET", "/summary", _WATCH),
    _row("registry", "POST", "/imports", _DUTY, jurisdiction=True),
    _row("registry", "GET", "/imports", _DUTY, jurisdiction=True),
    _row("registry", "GET", "/imports/{import_id}", _DUTY, jurisdiction=True),
    _row("registry", "POST", "/imports/{import_id}/undo", _DUTY, jurisdiction=True),
    _row("registry", "GET", "/exports/stations", _WATCH, jurisdiction=True),
    _row("registry", "GET", "/exports/volunteers", _LEADS, jurisdiction=True),
    _row("registry", "POST", "/areas:batch", _DUTY, jurisdiction=True),
    _row("registry", "GET", "/areas", _WATCH),
    _row("registry", "GET", "/areas/{code}", _WATCH),
    _row("registry", "GET", "/volunteers/{volunteer_id}", _LEADS, jurisdiction=True),
    *(
        _row("registry", "GET", path, _LEADS | {AccountRole.AUDITOR}, jurisdiction=True)
        for path in (
            "/volunteers/{volunteer_id}/history",
            "/volunteers/{volunteer_id}/trainings",
            "/stations/{station_id}/trainings",
            "/stations/{station_id}/duty-gaps",
            "/trainings/totals",
            "/credentials/expiring",
        )
    ),
    _row("registry", "POST", "/volunteers/{volunteer_id}/availability", _LEADS, jurisdiction=True, scope="mission"),
    *(
        _row("registry", method, f"/volunteers/{{volunteer_id}}{path}", _LEADS, jurisdiction=True)
        for method, path in (
            ("GET", "/calendar"),
            ("POST", "/calendar"),
            ("POST", "/calendar/exceptions"),
            ("DELETE", "/calendar/exceptions/{exception_id}"),
            ("GET", "/calendar.ics"),
            ("POST", "/calendar.ics"),
            ("POST", "/channels"),
            ("POST", "/opt-out"),
            ("POST", "/opt-in"),
            ("POST", "/place"),
            ("DELETE", "/place"),
            ("POST", "/memberships"),
            ("POST", "/memberships/{station_id}/end"),
            ("POST", "/trainings"),
            ("POST", "/trainings/{training_id}/withdrawal"),
        )
    ),
    _row("registry", "POST", "/volunteers/{volunteer_id}/credentials", _DUTY, jurisdiction=True),
    _row("registry", "POST", "/volunteers/{volunteer_id}/vetting", _DUTY, jurisdiction=True),
    _row("registry", "GET", "/volunteers/{volunteer_id}/notices", _LEADS, jurisdiction=True, scope="volunteer"),
    _row("registry", "GET", "/languages", _WATCH),
)
_INCIDENTS = (
    _row("incidents", "POST", "", _DUTY, jurisdiction=True),
    _row("incidents", "GET", "", _WATCH),
    _row("incidents", "GET", "/geocode", _WATCH),
    _row("incidents", "GET", "/reverse", _WATCH),
    _row("incidents", "GET", "/templates", _WATCH),
    _row("incidents", "POST", "/templates", _ADMIN),
    _row("incidents", "POST", "/feeds/{source}", _DUTY),  # no Idempotency-Key: the same message is one by its content
    _row("incidents", "GET", "/feeds/{source}/policy", _DUTY | _ADMIN),
    _row("incidents", "POST", "/feeds/{source}/policy", _ADMIN),
    _row("incidents", "GET", "/proposals", _DUTY),
    _row("incidents", "GET", "/proposals/{proposal_id}", _DUTY, jurisdiction=True),
    _row("incidents", "POST", "/proposals/{proposal_id}/accept", _DUTY, jurisdiction=True),
    _row("incidents", "POST", "/proposals/{proposal_id}/dismiss", _DUTY, jurisdiction=True),
    _row("incidents", "GET", "/{incident_id}", _WATCH, jurisdiction=True),
    _row("incidents", "POST", "/{incident_id}/needs", _DUTY, jurisdiction=True),
    _row("incidents", "POST", "/{incident_id}/level", _DUTY, jurisdiction=True),
    _row("incidents", "POST", "/{incident_id}/area", _DUTY, jurisdiction=True),
    _row("incidents", "POST", "/{incident_id}/phase", _DUTY, jurisdiction=True),
    _row("incidents", "POST", "/{incident_id}/merge", _DUTY, jurisdiction=True),
    _row("incidents", "POST", "/{incident_id}/different", _DUTY, jurisdiction=True),
    _row("incidents", "POST", "/{incident_id}/reopen", _DUTY, jurisdiction=True),
    _row("incidents", "POST", "/{incident_id}/close", _DUTY, jurisdiction=True),
)
_GEOFENCING = (
    _row("geofencing", "GET", "/incidents/{incident_id}/zones", _WATCH, jurisdiction=True),
    _row("geofencing", "GET", "/incidents/{incident_id}/resolved", _LEADS, jurisdiction=True),
    _row("geofencing", "POST", "/preview", _DUTY),
    _row("geofencing", "POST", "/positions", _LEADS, jurisdiction=True, scope="mission"),
)
_ALERTS = (
    _row("alerts", "GET", "/incidents/{incident_id}", _LEADS | {AccountRole.AUDITOR}, jurisdiction=True),
    _row("alerts", "POST", "/incidents/{incident_id}/answers", _LEADS, jurisdiction=True),
    _row("alerts", "POST", "/pages/{page_id}/answer", scope="page"),
)
_DISPATCH = (
    _row("dispatch", "GET", "/incidents/{incident_id}/missions", _WATCH, jurisdiction=True),
    _row("dispatch", "GET", "/missions/{mission_id}", _WATCH, jurisdiction=True, scope="mission"),
    _row("dispatch", "POST", "/missions/{mission_id}/approvals", _DUTY, jurisdiction=True),
    _row("dispatch", "POST", "/missions/{mission_id}/departures", _LEADS, jurisdiction=True, scope="mission"),
    _row("dispatch", "POST", "/missions/{mission_id}/arrivals", _LEADS, jurisdiction=True, scope="mission"),
    _row("dispatch", "POST", "/missions/{mission_id}/check-ins", _LEADS, jurisdiction=True, scope="mission"),
    _row("dispatch", "POST", "/missions/{mission_id}/completions", _LEADS, jurisdiction=True, scope="mission"),
    _row("dispatch", "POST", "/missions/{mission_id}/declines", _LEADS, jurisdiction=True, scope="mission"),
)
_CARE = (
    _row("care", "POST", "/cases", _CLINICAL, jurisdiction=True, scope="mission"),
    _row("care", "GET", "/incidents/{incident_id}", _WATCH, jurisdiction=True),
    _row("care", "GET", "/cases/{case_id}", _CLINICAL, jurisdiction=True),
    _row("care", "POST", "/cases/{case_id}/triage", _CLINICAL, jurisdiction=True),
    _row("care", "POST", "/cases/{case_id}/consent", _CLINICAL, jurisdiction=True),
    _row("care", "POST", "/cases/{case_id}/close", _CLINICAL, jurisdiction=True),
)
_FOLLOWUP = (
    _row("followup", "GET", "/incidents/{incident_id}", _WATCH, jurisdiction=True),
    _row("followup", "GET", "/tasks", _CLINICAL | _LEADS),
    _row("followup", "POST", "/tasks/{task_id}/attempts", _CLINICAL, jurisdiction=True),
    _row("followup", "POST", "/tasks/{task_id}/completions", _CLINICAL, jurisdiction=True),
    _row("followup", "POST", "/plans/{plan_id}/end", _CLINICAL, jurisdiction=True),
)
_PAGEGATEWAY = tuple(
    Row(service="pagegateway", method=method, path=f"/pagegateway{path}", shared_key="page-gateway.key")
    for method, path in (
        ("POST", "/pages"),
        ("GET", "/pages"),
        ("GET", "/pages/{page_id}"),
        ("GET", "/faults"),
        ("PUT", "/faults"),
    )
)
_WEB: Final = tuple(
    Row(service="web", method=method, path=path, public=True)
    for method, path in (
        ("GET", "/"),
        ("GET", "/assets/{name}"),
        ("POST", "/session"),
        ("POST", "/session/refresh"),
        ("DELETE", "/session"),
    )
)
"""The console's page and its files hold nothing; what it shows it asks for with a token. A session begins with a
password and goes on with its cookie, for the console's own page alone."""
_COVERAGE = (
    _row("coverage", "GET", "/areas", _WATCH),
    _row("coverage", "GET", "/areas/{area_id}", _WATCH),
    _row("coverage", "GET", "/voids", _WATCH),
)

_STREAMED: Final = (
    ("incidents", "incident-events"),
    ("geofencing", "zone-events"),
    ("registry", "station-events"),
    ("registry", "volunteer-events"),
    ("registry", "volunteer-state"),
    ("alerts", "alert-events"),
    ("dispatch", "mission-events"),
    ("coverage", "coverage-state"),
    ("coverage", "coverage-events"),
)
_STREAM_ROLES: Final = {
    "volunteer-events": _LEADS,
    "volunteer-state": _LEADS,
    "alert-events": _LEADS | {AccountRole.AUDITOR},
}
_CLINICAL_STREAMS: Final = (("care", "case-events"), ("followup", "followup-events"))

STREAMS: Final = tuple(
    Row(service=service, method="GET", path=f"/streams/{topic}", roles=_STREAM_ROLES.get(topic, _WATCH))
    for service, topic in _STREAMED
) + tuple(
    Row(service=service, method="GET", path=f"/streams/{topic}", roles=_CLINICAL | {AccountRole.AUDITOR})
    for service, topic in _CLINICAL_STREAMS
)

_WITH_QUARANTINE: Final = ("incidents", "geofencing", "alerts", "dispatch", "care", "followup", "coverage")
QUARANTINE: Final = tuple(
    row
    for service in _WITH_QUARANTINE
    for row in (
        _row(service, "GET", "/quarantine", _ADMIN),
        _row(service, "GET", "/quarantine/{entry_id}", _ADMIN),
        _row(service, "POST", "/quarantine/{entry_id}/release", _ADMIN),
        _row(service, "POST", "/quarantine/{entry_id}/discard", _ADMIN),
    )
)

POLICY: Final[tuple[Row, ...]] = (
    *_IDENTITY,
    *_REGISTRY,
    *_INCIDENTS,
    *_GEOFENCING,
    *_ALERTS,
    *_DISPATCH,
    *_CARE,
    *_FOLLOWUP,
    *_PAGEGATEWAY,
    *_COVERAGE,
    *_WEB,
    *STREAMS,
    *QUARANTINE,
)


def rows_of(service: str) -> tuple[Row, ...]:
    """The rows of one service."""
    return tuple(row for row in POLICY if row.service == service)


def covers(areas: tuple[str, ...], code: str) -> bool:
    """Whether somebody with jurisdiction `areas` may see the area `code`.

    GB/T 2260 codes nest by pairs of digits, trailing zeros standing for "all of it": `510000` covers `510722`.
    `*` covers everything.
    """
    return any(code.startswith(prefix_of(area)) for area in areas)


def prefix_of(area: str) -> str:
    """What the codes of all places inside `area` begin with: its significant part, rounded up to whole levels."""
    if area == "*":
        return ""
    stem = area.rstrip("0")
    levels = next(length for length in (2, 4, 6, 9, 12) if length >= len(stem))
    return area[:levels]
