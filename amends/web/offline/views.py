"""What waits on this phone: the page is the same for everybody, its lines come from the phone itself."""

from __future__ import annotations

from pathlib import Path

from django.contrib.staticfiles import finders
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from amends.doors.routes import route

WORKER = "worker.js"


@route(audience="staff", permission="signed_in", kind="none", methods=["GET"])
def page(request: HttpRequest) -> HttpResponse:
    """The forms that were typed and not sent yet, and those that can be filled in without a connection."""
    return render(request, "offline/page.html")


@route(audience="public", permission="none", kind="none", methods=["GET"])
def worker(request: HttpRequest) -> HttpResponse:
    """The script that answers for the network while there is none. It stands at the root, so that it may answer for every page."""
    script = Path(str(finders.find(WORKER))).read_bytes()
    return HttpResponse(script, content_type="text/javascript; charset=utf-8")
