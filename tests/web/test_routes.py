"""Denied unless declared."""

import pytest
from django.http import Http404, HttpResponse
from django.test import RequestFactory, override_settings
from django.urls import include, path

from amends.doors.routes import all_routes, declaration_of, route, undeclared_routes
from amends.web.middleware.declared_routes import DeclaredRoutes


@route(audience="public", permission="none", kind="none", methods=["GET"])
def open_page(request):
    return HttpResponse("open")


def forgotten_page(request):
    return HttpResponse("forgotten")


inner = ([path("open/", open_page, name="open")], "inner")
urlpatterns = [path("a/", include(inner)), path("forgotten/", forgotten_page, name="forgotten")]


def asked(view, method="get"):
    request = getattr(RequestFactory(), method)("/x/")
    return DeclaredRoutes(lambda r: HttpResponse())(request), DeclaredRoutes(lambda r: HttpResponse()).process_view(
        request, view, (), {}
    )


def test_a_view_without_a_declaration_does_not_exist():
    with pytest.raises(Http404):
        asked(forgotten_page)


def test_a_method_that_is_not_declared_is_refused():
    assert asked(open_page, "post")[1].status_code == 405
    assert asked(open_page, "head")[1] is None
    assert asked(open_page)[1] is None


@override_settings(ROOT_URLCONF=__name__)
def test_the_table_lists_what_is_declared_and_names_what_is_not():
    assert [found.as_data() for found in all_routes()] == [
        {
            "name": "inner:open", "path": "/a/open/", "methods": ("GET",), "audience": "public", "permission": "none",
            "kind": "none",
        }
    ]  # fmt: skip
    assert undeclared_routes() == ["/forgotten/"]


def test_a_wrapped_view_keeps_its_declaration():
    from functools import partial

    assert declaration_of(partial(open_page)) == declaration_of(open_page)


def test_every_address_of_the_product_is_declared():
    assert undeclared_routes() == []
    assert {"queue", "intake", "case", "act", "reveal", "evidence"} <= {found.name for found in all_routes()}
