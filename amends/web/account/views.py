"""My account: who I am here, my password, my second factor, where I am signed in, and my tokens."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django import forms
from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.debug import sensitive_post_parameters

from amends.apps.cases.queries import Viewer
from amends.apps.messaging.allowances import give_back, spend
from amends.apps.messaging.models import NoticeWay
from amends.apps.messaging.robots import choose_way
from amends.apps.people.models import SecondFactor
from amends.apps.people.second_factor import codes_left, must_have_one
from amends.apps.people.sessions import end_sessions, open_sessions
from amends.apps.people.staffing import change_own_password
from amends.apps.people.tokens import tokens_of
from amends.core.refusals import InvalidData
from amends.doors.routes import route
from amends.doors.wording import words
from amends.web.account.browsers import browser_words
from amends.web.confirming import WRONG_PASSWORDS
from amends.web.organisation.fields import Form, Text, posted
from amends.web.organisation.praise import praise_shown
from amends.web.organisation.welcome import NewPasswordForm
from amends.web.sign_in.entering import note_here
from amends.web.viewing import viewer_of

AREA = {"area": "account"}


class WayForm(Form):
    """Where notices are carried beside the page, how often at most, and whether a digest comes in the morning."""

    kind = forms.ChoiceField(label=_("方式"), widget=forms.Select(attrs={"class": "form-select"}), choices=[
        ("", _("只在本系统查看")), ("email", _("邮件")), ("wecom", _("企业微信群机器人")), ("dingtalk", _("钉钉群机器人")), ("feishu", _("飞书群机器人")),
    ], required=False)  # fmt: skip
    address = Text(label=_("邮箱或机器人地址（已设置的不必再填）"), limit=300, required=False)
    every_minutes = forms.IntegerField(
        label=_("最多每几分钟一条"),
        min_value=1,
        max_value=240,
        widget=forms.NumberInput(attrs={"class": "form-control"}),
    )
    digest = forms.BooleanField(
        label=_("工作日早上汇总今天到期的个案"),
        required=False,
        widget=forms.CheckboxInput(attrs={"class": "form-check-input"}),
    )


class OwnPasswordForm(NewPasswordForm):
    """The present password, and the new one twice."""

    current = forms.CharField(label=_("当前密码"), strip=False, max_length=1000, error_messages={"required": _("请填写这一项。")},
                              widget=forms.PasswordInput(attrs={"class": "form-control", "autocomplete": "current-password"}))  # fmt: skip
    field_order = ("current", "password", "again")

    def check_current(self, now: datetime) -> None:
        """Raises TooMany after five wrong ones within a quarter of an hour."""
        spend([WRONG_PASSWORDS], subject=str(self.person.pk), now=now)
        if not self.person.check_password(self.cleaned_data["current"]):
            self.add_error("current", gettext("密码不对，请再试一次。"))
            return
        give_back(WRONG_PASSWORDS, subject=str(self.person.pk), now=now)


@dataclass(frozen=True, slots=True)
class Browser:
    """One line of where the person is signed in."""

    pk: int
    said: str
    address: str
    began_at: datetime
    used_at: datetime
    is_here: bool


@route(audience="staff", permission="signed_in", kind="account")
def page(request: HttpRequest) -> HttpResponse:
    """Everything about the viewer's own account on one page."""
    return _shown(request, OwnPasswordForm(viewer_of(request).person))


@route(audience="staff", permission="signed_in", kind="account", methods=["POST"])
def notice_way(request: HttpRequest) -> HttpResponse:
    """Where the viewer wants notices: by mail, by a robot, or on the page alone."""
    person = viewer_of(request).person
    form = WayForm(request.POST)
    if form.is_valid():
        try:
            choose_way(person, **form.cleaned_data)
        except InvalidData as refusal:
            form.take(refusal)
        else:
            messages.success(request, gettext("已保存。"))
            return HttpResponseRedirect(reverse("account"))
    return _shown(request, OwnPasswordForm(person), way_form=form)


def _way_now(way: NoticeWay | None) -> dict[str, object]:
    if way is None:
        return {"every_minutes": 15, "digest": True}
    address = way.address if way.kind == NoticeWay.Kind.EMAIL else ""
    return {"kind": way.kind, "address": address, "every_minutes": way.every_minutes, "digest": way.digest}


def _shown(request: HttpRequest, form: OwnPasswordForm, *, way_form: WayForm | None = None) -> HttpResponse:
    viewer = viewer_of(request)
    way = NoticeWay.objects.filter(person=viewer.person).first()
    factor = SecondFactor.objects.filter(person=viewer.person).first()
    context = {
        **AREA, "way": way, "way_form": way_form or WayForm(initial=_way_now(way)), "form": form, "person": viewer.person, "roles": _roles(viewer), "factor": factor,
        "left": codes_left(viewer.person) if factor else 0, "must": must_have_one(viewer.person, viewer.now),
        "praise": praise_shown(viewer.person, viewer), "browsers": _browsers(request, viewer), "tokens": tokens_of(viewer.person).filter(expires_at__gt=viewer.now).count(),
    }  # fmt: skip
    return render(
        request,
        "account/page.html",
        context,
        status=422 if form.errors or (way_form is not None and way_form.errors) else 200,
    )


def _roles(viewer: Viewer) -> list[tuple[str, str]]:
    """The desk and the title of every role held."""
    return list(dict.fromkeys((words(desk.called), words(role.title)) for desk, role in viewer.roles_held()))


def _browsers(request: HttpRequest, viewer: Viewer) -> list[Browser]:
    here = request.session.session_key
    found = [
        Browser(one.pk, browser_words(one.browser), one.address, one.began_at, one.used_at, one.key == here)
        for one in open_sessions(viewer.person, viewer.now)
    ]
    return sorted(found, key=lambda browser: not browser.is_here)


@route(audience="staff", permission="signed_in", kind="account", methods=["POST"])
@sensitive_post_parameters("current", "password", "again")
def password(request: HttpRequest) -> HttpResponse:
    """Another password; wherever else the person is signed in, they have to sign in again."""
    viewer = viewer_of(request)
    form = OwnPasswordForm(viewer.person, posted(request))
    if form.is_valid():
        form.check_current(viewer.now)
    if form.errors:
        return _shown(request, form)
    change_own_password(viewer.person, password=form.cleaned_data["password"], now=viewer.now)
    # The session keeps what it holds and gets another key; the others end with the old password.
    update_session_auth_hash(request, viewer.person)
    note_here(request, viewer.person, viewer.now)
    end_sessions(viewer.person, keep=request.session.session_key or "")
    messages.success(request, gettext("密码已更改，其他设备上的登录已结束。"))
    return HttpResponseRedirect(reverse("account"))


@route(audience="staff", permission="signed_in", kind="account", methods=["POST"])
def end_session(request: HttpRequest, pk: int) -> HttpResponse:
    """End one of the viewer's own sessions elsewhere."""
    viewer = viewer_of(request)
    if not end_sessions(viewer.person, only=pk, keep=request.session.session_key or ""):
        raise Http404
    messages.success(request, gettext("已结束这个登录。"))
    return HttpResponseRedirect(reverse("account"))


@route(audience="staff", permission="signed_in", kind="account", methods=["POST"])
def end_other_sessions(request: HttpRequest) -> HttpResponse:
    """End every session of the viewer but this one."""
    ended = end_sessions(viewer_of(request).person, keep=request.session.session_key or "")
    said = ngettext("已结束其他 %(n)s 个登录。", "已结束其他 %(n)s 个登录。", ended) % {"n": ended}
    messages.success(request, said)
    return HttpResponseRedirect(reverse("account"))
