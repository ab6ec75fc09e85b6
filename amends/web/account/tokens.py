"""Tokens of one's own for the API: listed, made and shown once, withdrawn."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext

from amends.apps.cases.queries import Viewer
from amends.apps.people.models import ApiToken
from amends.apps.people.rights import rights_of
from amends.apps.people.tokens import NewToken, make_token, tokens_of, withdraw_token
from amends.core.policy.pack import Pack
from amends.core.refusals import FieldError, InvalidData
from amends.core.verbs import VERBS
from amends.doors.routes import route
from amends.doors.wording import faults, in_words, listed, words
from amends.web.account.views import AREA
from amends.web.confirming import confirmed
from amends.web.policies.reading.people import right_words
from amends.web.viewing import packs_of, viewer_of

LIVES = (30, 90, 180, 365, 730)
USUAL_LIFE = 90
CHOSEN = "chosen"


@route(audience="staff", permission="signed_in", kind="token", methods=["GET", "POST"])
@confirmed
def page(request: HttpRequest) -> HttpResponse:
    """The viewer's tokens, and the form for one more; sent, the token is made and shown this once."""
    viewer = viewer_of(request)
    errors: dict[str, list[str]] = {}
    if request.method == "POST":
        try:
            token, secret = make_token(viewer.person, _wanted(request, viewer), now=viewer.now)
            return _shown_once(request, token, secret)
        except InvalidData as refusal:
            errors = faults(refusal)
    return render(request, "account/tokens.html", _context(request, viewer, errors), status=422 if errors else 200)


def _wanted(request: HttpRequest, viewer: Viewer) -> NewToken:
    typed, days = request.POST, request.POST.get("days", "")
    scope = typed.get("scope", "")
    named, desks = set(typed.getlist("desks")), viewer.desks()
    # A desk that is not there any more may not turn a limited token into one for every desk.
    if gone := sorted(named - {desk.code for desk in desks}):
        raise InvalidData([FieldError("/desks", "unknown_choice", {"field": "受理台", "value": gone[0][:60]})])
    return NewToken(
        name=typed.get("name", ""), scopes=typed.getlist("scopes") if scope == CHOSEN else [scope] if scope else [],
        desks=[desk for desk in desks if desk.code in named],
        days=int(days) if days.isascii() and days.isdigit() and len(days) < 6 else 0,
    )  # fmt: skip


def _shown_once(request: HttpRequest, token: ApiToken, secret: str) -> HttpResponse:
    response = render(request, "account/token_made.html", {**AREA, "token": token, "secret": secret})
    response["Referrer-Policy"] = "no-referrer"
    return response


def _context(request: HttpRequest, viewer: Viewer, errors: Mapping[str, list[str]]) -> dict[str, Any]:
    packs, typed = packs_of(viewer), request.POST
    rows = tokens_of(viewer.person).prefetch_related("desks")
    return {
        **AREA, "errors": errors, "typed": typed, "lives": LIVES,
        "days": typed.get("days") or str(USUAL_LIFE), "scope": typed.get("scope") or "read",
        "rows": [(row, scope_words(row), _desk_words(row), row.expires_at <= viewer.now) for row in rows],
        "desks": [(desk.code, words(desk.called)) for desk in packs], "chosen_desks": typed.getlist("desks"),
        "choices": _choices(viewer, packs.values()), "chosen": typed.getlist("scopes"),
    }  # fmt: skip


def _choices(viewer: Viewer, packs: Iterable[Pack]) -> list[tuple[str, str]]:
    """The single verbs of the viewer's policies, and the rights they hold, each with its words."""
    lifecycles = [lifecycle for pack in packs for lifecycle in (pack.lifecycle, *pack.proceedings.values())]
    used = {t.verb for lifecycle in lifecycles for t in lifecycle.transitions}
    held = {right for desk, pack in packs_of(viewer).items() for right in rights_of(viewer.caller(desk, pack), pack)}
    verbs = [(name, in_words(verb.button)) for name, verb in VERBS.items() if name in used]
    return verbs + [(right, right_words(right)) for right in sorted(held - used)]


def scope_words(token: ApiToken) -> str:
    """What a token may do, in words."""
    whole = {"read": gettext("只读"), "write": gettext("查看和办理"), "all": gettext("本人的全部权限")}
    return listed(whole.get(scope) or _one_scope(scope) for scope in token.scopes.split())


def _one_scope(scope: str) -> str:
    return in_words(VERBS[scope].button) if scope in VERBS else right_words(scope)


def _desk_words(token: ApiToken) -> str:
    desks = [words(desk.called) for desk in token.desks.all()]
    if desks:
        return listed(desks)
    return gettext("已无可用的受理台") if token.is_limited else gettext("全部受理台")


@route(audience="staff", permission="signed_in", kind="token", methods=["POST"])
@confirmed
def withdraw(request: HttpRequest, pk: int) -> HttpResponse:
    """A token that counts no more from the next request on."""
    viewer = viewer_of(request)
    token = tokens_of(viewer.person).filter(pk=pk).first()
    if token is None:
        raise Http404
    withdraw_token(token, now=viewer.now)
    messages.success(request, gettext("令牌“%(name)s”已撤销，立即失效。") % {"name": token.name})
    return HttpResponseRedirect(reverse("account_tokens"))
