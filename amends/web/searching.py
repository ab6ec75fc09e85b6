"""Words that somebody searches for never stand in an address: they come by POST and wait in the session.

What is typed into a search may be a name or a telephone number, and addresses end up in logs, histories and bookmarks.
The address of a list names only the place where its words are kept (`find`).
"""

from __future__ import annotations

import secrets
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from amends.core.refusals import FieldError
from amends.doors.routes import route

PLACE = "find"
WORDS = "text"
SESSION_KEY = "searched"
KEPT = 20
LONGEST = 200
NOT_KEPT = frozenset({"csrfmiddlewaretoken", WORDS, PLACE, "cursor"})


@route(audience="staff", permission="signed_in", kind="case", methods=["POST"])
def search(request: HttpRequest) -> HttpResponse:
    """Keep the words that were typed and lead to the list with all other filters, from its first page on."""
    filters = {name: value for name, value in request.POST.items() if value and name not in NOT_KEPT}
    words = request.POST.get(WORDS, "").strip()[:LONGEST]
    if words:
        filters[PLACE] = keep_words(request, words)
    return HttpResponseRedirect(f"{reverse('queue')}?{urlencode(filters)}")


def keep_words(request: HttpRequest, words: str) -> str:
    """The place in the session under which the words are kept: the same for the same words, the latest twenty."""
    kept = dict(request.session.get(SESSION_KEY, {}))
    place = next((found for found, same in kept.items() if same == words), "") or secrets.token_urlsafe(6)
    kept.pop(place, None)
    kept[place] = words
    request.session[SESSION_KEY] = dict(list(kept.items())[-KEPT:])
    return place


def searched(request: HttpRequest) -> dict[str, str]:
    """The filter by words that the address stands for; empty when it names no place, or one that is gone."""
    words = request.session.get(SESSION_KEY, {}).get(request.GET.get(PLACE, ""))
    return {WORDS: str(words)} if words else {}


def search_faults(request: HttpRequest) -> list[FieldError]:
    """What is wrong with the place that the address names: its words went with an earlier session."""
    is_gone = bool(request.GET.get(PLACE)) and not searched(request)
    return [FieldError(f"/{WORDS}", "search_over")] if is_gone else []
