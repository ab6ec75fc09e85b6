"""Is the process alive, can it work, and its numbers: for supervisors and monitors."""

from __future__ import annotations

from django.conf import settings
from django.core.files.storage import default_storage
from django.db import connection
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.crypto import constant_time_compare
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Gauge, generate_latest

from amends.apps.cases.models import Case
from amends.apps.deferred.models import Job
from amends.apps.messaging.models import OutboxMessage
from amends.core.policy.lifecycle import RESTING
from amends.doors.routes import route


@route(audience="public", permission="none")
def healthz(request: HttpRequest) -> HttpResponse:
    """The process answers."""
    return JsonResponse({"status": "ok"})


@route(audience="public", permission="none")
def readyz(request: HttpRequest) -> HttpResponse:
    """Database, storage and queue can be used; 503 with the names of what can not."""
    failed = [
        name for name, works in (("database", _database), ("storage", _storage), ("queue", _queue)) if not _tried(works)
    ]
    return JsonResponse({"status": "failed" if failed else "ok", "failed": failed}, status=503 if failed else 200)


def _tried(check: object) -> bool:
    try:
        check()  # type: ignore[operator]
    except Exception:  # noqa: BLE001 - whatever is wrong, the answer is "not ready"
        return False
    return True


def _database() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


def _storage() -> None:
    default_storage.exists("readiness")


def _queue() -> None:
    Job.objects.exists()


@route(audience="machine", permission="loopback_or_token")
def metrics(request: HttpRequest) -> HttpResponse:
    """Numbers for a monitor, to this machine and to the holder of the monitor's own token; 404 for everybody else.

    They count every desk, so a token that acts for a person does not open them.
    """
    is_local = request.META.get("REMOTE_ADDR") in LOOPBACK and not request.headers.get("X-Forwarded-For")
    if not is_local and not _has_token(request):
        return HttpResponse(status=404)
    return HttpResponse(generate_latest(_registry()), content_type=CONTENT_TYPE_LATEST)


def _has_token(request: HttpRequest) -> bool:
    sent = request.headers.get("Authorization", "").encode()
    return bool(settings.METRICS_TOKEN) and constant_time_compare(sent, f"Bearer {settings.METRICS_TOKEN}".encode())


NOT_LEFT = [
    state for state in OutboxMessage.State if state not in (OutboxMessage.State.SENT, OutboxMessage.State.WITHHELD)
]
LOOPBACK = ("127.0.0.1", "::1")


def _registry() -> CollectorRegistry:
    """Gauges read from the database now, of what is open alone, so that they cost the same after years; no personal data."""
    registry = CollectorRegistry()
    cases = Gauge(
        "amends_cases",
        "Open cases by desk, state category and lateness",
        ["desk", "category", "late"],
        registry=registry,
    )
    still_open = Case.objects.filter(~Q(state_category__in=RESTING)).order_by()
    for row in still_open.values("desk__code", "state_category", "is_late").annotate(n=Count("pk")):
        cases.labels(row["desk__code"], row["state_category"], str(row["is_late"]).lower()).set(row["n"])
    jobs = Gauge("amends_jobs", "Deferred jobs that are not done, by state", ["state"], registry=registry)
    for state in (Job.State.WAITING, Job.State.RUNNING, Job.State.PARKED):
        # Each state has an index of its own, which a question about several of them does not find.
        jobs.labels(state).set(Job.objects.filter(state=state).count())
    outbox = Gauge("amends_outbox", "Messages that did not leave, by state", ["state"], registry=registry)
    for name in NOT_LEFT:
        outbox.labels(name).set(0)
    for state, n in (
        OutboxMessage.objects.filter(state__in=NOT_LEFT).order_by().values_list("state").annotate(n=Count("pk"))
    ):
        outbox.labels(state).set(n)
    return registry
