"""Is the process alive, can it work, and its numbers: for supervisors and monitors."""

from __future__ import annotations

from django.core.files.storage import default_storage
from django.db import connection
from django.db.models import Count
from django.http import HttpRequest, HttpResponse, JsonResponse
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Gauge, generate_latest

from amends.api.tokens import NoToken, viewer_of
from amends.apps.cases.models import Case
from amends.apps.deferred.models import Job
from amends.apps.messaging.models import OutboxMessage
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
    """Numbers for a monitor, to this machine and to holders of a token only; 404 for everybody else."""
    if request.META.get("REMOTE_ADDR") not in LOOPBACK or request.headers.get("X-Forwarded-For"):
        try:
            viewer_of(request)
        except NoToken:
            return HttpResponse(status=404)
    return HttpResponse(generate_latest(_registry()), content_type=CONTENT_TYPE_LATEST)


LOOPBACK = ("127.0.0.1", "::1")


def _registry() -> CollectorRegistry:
    """Gauges read from the database now: three grouped counts, no personal data."""
    registry = CollectorRegistry()
    cases = Gauge(
        "amends_cases", "Cases by desk, state category and lateness", ["desk", "category", "late"], registry=registry
    )
    for row in Case.objects.order_by().values("desk__code", "state_category", "is_late").annotate(n=Count("pk")):
        cases.labels(row["desk__code"], row["state_category"], str(row["is_late"]).lower()).set(row["n"])
    jobs = Gauge("amends_jobs", "Deferred jobs by state", ["state"], registry=registry)
    for state, n in Job.objects.order_by().values_list("state").annotate(n=Count("pk")):
        jobs.labels(state).set(n)
    outbox = Gauge("amends_outbox", "Messages by state", ["state"], registry=registry)
    for state, n in OutboxMessage.objects.order_by().values_list("state").annotate(n=Count("pk")):
        outbox.labels(state).set(n)
    return registry
