"""What was sent, once more: shown with a sentence and a button when it could not be taken in, so that nothing is lost.

Reads nothing from the database: it may be what is missing.
"""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import get_token
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.translation import get_language, gettext

SECRET = frozenset({"csrfmiddlewaretoken", "password", "current", "again", "code", "pin"})
"""Fields that are not shown, and are typed anew."""


def once_more(request: HttpRequest, sentence: str, *, status: int, sign_in: str = "") -> HttpResponse:
    """A page that holds everything that was typed and sends it again at the press of a button; `sign_in` is where to sign in before."""
    posted = typed_in(request)
    context = {
        "sentence": sentence,
        "sign_in": sign_in,
        "LANGUAGE_CODE": get_language(),
        "posted": posted,
        "texts": [value for name, value in posted if not name.startswith("_") and len(value) > 1],
        "lacks_files": bool(posted and request.FILES),
        "token": get_token(request) if posted and "/embed/" not in request.path else "",
    }
    page = render_to_string("once_more.html", context)
    return HttpResponse(page, status=status, headers={"Cache-Control": "no-store"})


def typed_in(request: HttpRequest) -> list[tuple[str, str]]:
    """What a form brought, with the fields that nobody sees; secrets and what was left empty are left out."""
    if request.method != "POST":
        return []
    filled = ((name, value) for name, values in request.POST.lists() for value in values if value)
    return [(name, value) for name, value in filled if name not in SECRET]


def token_over(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form whose token ran out. From our own page it may be sent again; what another site sent is only refused.

    htmx takes a new token by itself and needs no page.
    """
    is_ours = request.headers.get("Sec-Fetch-Site") == "same-origin" and request.headers.get("HX-Request") != "true"
    if is_ours:
        sentence = gettext("这一页打开得太久了。您写的内容都还在，请再按一次。")
        return once_more(request, sentence, status=403)
    return render(request, "403_csrf.html", {"reason": reason}, status=403)
