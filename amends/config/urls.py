"""Which address leads to which door."""

from django.urls import include, path

urlpatterns = [path("", include("amends.api.urls")), path("", include("amends.web.urls"))]
handler404 = "amends.web.missing.page_not_found"
