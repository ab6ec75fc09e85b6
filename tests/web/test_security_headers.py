import pytest
from django.http import HttpRequest, HttpResponse

from amends.web.middleware.security_headers import CONTENT_SECURITY_POLICY, SecurityHeaders


def answer_with(response: HttpResponse) -> HttpResponse:
    return SecurityHeaders(lambda request: response)(HttpRequest())


@pytest.mark.django_db
@pytest.mark.parametrize("address", ["/no-such-page/", "/static/no-such-file.css"])
def test_error_pages_carry_the_headers(client, address: str):
    response = client.get(address)

    assert response.headers["Content-Security-Policy"] == CONTENT_SECURITY_POLICY
    assert response.headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert response.headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Referrer-Policy"] == "same-origin"
    assert response.headers["Cache-Control"] == "no-store"
    assert "Cookie" in response.headers["Vary"]


def test_no_script_is_allowed_inline():
    directives = dict(part.split(" ", 1) for part in CONTENT_SECURITY_POLICY.split("; "))

    assert directives["script-src"] == "'self'"
    assert directives["default-src"] == "'self'"
    assert directives["frame-ancestors"] == "'none'"


def test_a_stricter_policy_of_a_view_stays():
    strict = HttpResponse(headers={"Content-Security-Policy": "sandbox; default-src 'none'"})

    assert answer_with(strict).headers["Content-Security-Policy"] == "sandbox; default-src 'none'"


def test_a_file_that_may_be_cached_stays_so():
    cached = HttpResponse(headers={"Cache-Control": "max-age=315360000, public, immutable"})

    assert answer_with(cached).headers["Cache-Control"] == "max-age=315360000, public, immutable"
