"""What was sent, once more: shown with a sentence and a button when it could not be taken in, so that nothing is lost.

Reads nothing from the database: it may be what is missing.
"""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import get_token
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.translation import get_language, gettext

SECRET = ("csrf", "password", "code", "pin")


def once_more(request: HttpRequest, sentence: str, *, status: int) -> HttpResponse:
    """A page that holds everything that was typed and sends it again at the press of a button."""
    posted = [
        (name, value)
        for name, values in (request.POST.lists() if request.method == "POST" else [])
        if not any(word in name for word in SECRET)
        for value in values
    ]
    context = {
        "sentence": sentence,
        "LANGUAGE_CODE": get_language(),
        "address": request.get_full_path(),
        "posted": posted,
        "texts": [value for name, value in posted if not name.startswith("_") and len(value) > 1],
        "token": get_token(request) if posted and "/embed/" not in request.path else "",
    }
    page = render_to_string("portal/once_more.html", context)
    return HttpResponse(page, status=status, headers={"Cache-Control": "no-store"})


def token_over(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form whose token ran out. From our own page it may be sent again; what another site sent is only refused."""
    is_ours = request.headers.get("Sec-Fetch-Site") == "same-origin" and request.path.startswith("/portal/")
    if is_ours:
        sentence = gettext("这一页打开得太久了。您写的内容都还在，请再按一次。")
        return once_more(request, sentence, status=403)
    return render(request, "403_csrf.html", {"reason": reason}, status=403)
