"""Which address leads to which door."""

from importlib.util import find_spec

from django.urls import include, path

DOORS = ["amends.api.urls", "amends.web.urls"]

urlpatterns = [path("", include(door)) for door in DOORS if find_spec(door)]
