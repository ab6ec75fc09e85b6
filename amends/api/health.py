"""Is the process alive, can it work, and its numbers: for supervisors and monitors."""

from __future__ import annotations

from django.core.files.storage import default_storage
from django.db import connection
from django.http import HttpRequest, HttpResponse, JsonResponse

from amends.apps.deferred.models import Job
from amends.web.routes import route


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
