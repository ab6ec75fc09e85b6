"""Which address leads to which door."""

from django.urls import include, path

urlpatterns = [path("", include("amends.api.urls")), path("", include("amends.web.urls"))]
