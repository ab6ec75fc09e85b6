"""Signing in again in the middle of a form: the page stays as it is, and gets the new token to send it with."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.middleware.csrf import get_token
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.debug import sensitive_post_parameters

from amends.apps.messaging.allowances import TooMany, give_back, spend
from amends.apps.people.second_factor import has_second_factor
from amends.core.refusals import InvalidData
from amends.doors.routes import route
from amends.doors.wording import said, said_of_field
from amends.web.portal.network import network_of
from amends.web.sign_in.entering import begin_session, check_code
from amends.web.sign_in.forms import SignInForm
from amends.web.sign_in.views import FAILURES_FROM_A_NETWORK


@route(audience="public", permission="none", methods=["POST"])
@sensitive_post_parameters("password", "code")
def sign_in_again(request: HttpRequest) -> HttpResponse:
    """A new session for the person whose page it is; somebody else is refused, since what was typed is not theirs.

    A second factor is asked for here as well. The same counts of failures hold as on the sign-in page.
    """
    now = timezone.now()
    try:
        spend([FAILURES_FROM_A_NETWORK], subject=network_of(request), now=now)
    except TooMany as refusal:
        return _refused(said(refusal), refusal.status)
    form = SignInForm(request, data=request.POST)
    if not form.is_valid():
        return _refused(str(next(sentence for found in form.errors.values() for sentence in found)), 422)
    person = form.get_user()
    if str(person.pk) != request.POST.get("person"):
        return _refused(gettext("请用打开本页的账号登录。"), 422)
    give_back(FAILURES_FROM_A_NETWORK, subject=network_of(request), now=now)
    if has_second_factor(person):
        try:
            check_code(person, request.POST.get("code", ""), now)
        except InvalidData as refusal:
            return _refused(said_of_field(refusal.errors[0]), refusal.status, wants_code=True)
        except TooMany as refusal:
            return _refused(said(refusal), refusal.status, wants_code=True)
    begin_session(request, person, now)
    return JsonResponse({"token": get_token(request)})


def _refused(sentence: str, status: int, *, wants_code: bool = False) -> HttpResponse:
    answer = {"sentence": sentence, "wants_code": wants_code}
    return JsonResponse(answer, status=status, json_dumps_params={"ensure_ascii": False})
