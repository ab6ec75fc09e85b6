"""The product's addresses, and an empty page: signed in, with the base layout, without content."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import include, path

from amends.doors.routes import route


@route(audience="staff", permission="signed_in")
def empty(request: HttpRequest) -> HttpResponse:
    return render(request, "base.html", {"area": "queue"})


urlpatterns = [path("bench/empty/", empty), path("", include("amends.config.urls"))]
