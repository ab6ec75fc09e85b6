"""The addresses of the API and of the health checks, each declared."""

import re

from django.urls import path

from amends.api import hooks
from amends.api.app import api, catalogue
from amends.api.calls import calls
from amends.api.cases import router
from amends.api.figures import router as kpis
from amends.api.health import healthz, metrics, readyz
from amends.api.papers import router as papers
from amends.api.proceedings import router as proceedings
from amends.api.registers import router as registers
from amends.api.reports import router as reports
from amends.api.ways_in import ways_in
from amends.doors.routes import declare

_patterns, _app_name, _namespace = api.urls


def _methods_by_path() -> dict[str, list[str]]:
    """The methods of every operation under its path as Django spells it."""
    found = {}
    for part in (router, proceedings, registers, papers, calls, kpis, reports, ways_in, catalogue, api.default_router):
        for where, view in part.path_operations.items():
            spelled = re.sub(r"\{(\w+)\}", r"<\1>", where).lstrip("/")
            found[spelled] = sorted({method for operation in view.operations for method in operation.methods})
    return found


_methods = _methods_by_path()
_declared = []
for _pattern in _patterns:
    _where = str(_pattern.pattern)
    if _where not in _methods:
        continue
    _is_contract = _where == "openapi.json"
    declare(
        _pattern.callback,
        audience="public" if _is_contract else "machine",
        permission="none" if _is_contract else "token",
        kind="case" if "<number>" in _where else "proceeding" if "<key>" in _where else "none",
        methods=_methods[_where],
    )
    _declared.append(_pattern)

urlpatterns = [
    path("api/v1/", (_declared, _app_name, _namespace)),
    path("healthz", healthz, name="healthz"),
    path("readyz", readyz, name="readyz"),
    path("metrics", metrics, name="metrics"),
    path("hooks/sms/<str:secret>/receipts/", hooks.receipts, name="sms_receipts"),
    path("hooks/sms/<str:secret>/texts/", hooks.texts, name="sms_texts"),
]
