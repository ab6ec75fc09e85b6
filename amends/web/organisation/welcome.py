"""The link of an invitation: a new person sets their password and is signed in. Opening it consumes nothing."""

from __future__ import annotations

from django import forms
from django.conf import settings
from django.contrib.auth import password_validation
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render, resolve_url
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.debug import sensitive_post_parameters

from amends.apps.people.models import Person
from amends.apps.people.staffing import LinkNotGood, accept_invitation, invited_by
from amends.doors.routes import route
from amends.web.organisation.fields import posted
from amends.web.sign_in.entering import enter


class NewPasswordForm(forms.Form):
    """A password typed twice, long enough and not a common one."""

    password = forms.CharField(label=_("新密码"), strip=False, max_length=1000, error_messages={"required": _("请填写这一项。")},
                               widget=forms.PasswordInput(attrs={"class": "form-control", "autocomplete": "new-password"}))  # fmt: skip
    again = forms.CharField(label=_("再输入一次"), strip=False, max_length=1000, error_messages={"required": _("请填写这一项。")},
                            widget=forms.PasswordInput(attrs={"class": "form-control", "autocomplete": "new-password"}))  # fmt: skip

    def __init__(self, person: Person, *args: object, **options: object) -> None:
        super().__init__(*args, **options)  # type: ignore[arg-type]
        self.person, self.label_suffix = person, ""

    def clean(self) -> dict[str, str]:
        given = super().clean() or {}
        password, again = given.get("password"), given.get("again")
        if password and again and password != again:
            self.add_error("again", _("两次输入的密码不一样。"))
        elif password:
            try:
                password_validation.validate_password(password, self.person)
            except ValidationError as weak:
                self.add_error("password", [said_of_weakness(error) for error in weak.error_list])
        return given


def said_of_weakness(error: ValidationError) -> str:
    """Django's own words for a weak password, in ours."""
    said = {
        "password_too_short": _("密码至少 12 个字符。"),
        "password_too_common": _("这个密码太常见，容易被猜到，请换一个。"),
    }
    return str(said.get(error.code or "", error.messages[0]))


@route(audience="public", permission="invitation", kind="person", methods=["GET", "POST"])
@sensitive_post_parameters("password", "again")
def welcome(request: HttpRequest, secret: str) -> HttpResponse:
    """Set a password with the link; the link works once and for three days."""
    now = timezone.now()
    try:
        person = invited_by(secret[:100], now=now)
    except LinkNotGood as refusal:
        return _private(render(request, "sign_in/link_not_good.html", {"sentence": refusal.sentence}, status=404))
    form = NewPasswordForm(person, posted(request))
    if request.method == "POST" and form.is_valid():
        person = accept_invitation(secret[:100], password=form.cleaned_data["password"], now=now)
        return enter(request, person, resolve_url(settings.LOGIN_REDIRECT_URL), now)
    context = {"form": form, "person": person}
    return _private(render(request, "sign_in/welcome.html", context, status=422 if form.errors else 200))


def _private(response: HttpResponse) -> HttpResponse:
    response["Referrer-Policy"] = "no-referrer"
    return response
