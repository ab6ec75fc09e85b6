"""The mailboxes of desks: registered, changed, tried and closed by those who manage their desk."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django import forms
from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.debug import sensitive_post_parameters

from amends.apps.mail.mailboxes import Given, change_mailbox, close_mailbox, open_mailbox, try_mailbox
from amends.apps.mail.models import Mailbox
from amends.apps.people.grounds import Manager
from amends.apps.policies.models import Desk
from amends.core.refusals import InvalidData
from amends.doors.routes import route
from amends.doors.wording import words
from amends.web.confirming import confirmed
from amends.web.mail.words import trouble_in_words
from amends.web.organisation.departments import AREA, manager_of
from amends.web.organisation.fields import Form, Text, posted

TAB: Mapping[str, Any] = {**AREA, "tab": "mailboxes"}
SELECT = {"class": "form-select"}


class MailboxForm(Form):
    """A mailbox: what mail to it counts as, and how it is reached."""

    channel = forms.ChoiceField(label=_("计入的渠道"), widget=forms.Select(attrs=SELECT))
    address = Text(label=_("邮箱地址"), limit=254)
    host = Text(label=_("IMAP 服务器"), limit=253, required=False)
    port = forms.IntegerField(
        label=_("端口"), min_value=1, max_value=65535, initial=993,
        widget=forms.NumberInput(attrs={"class": "form-control"}),
    )  # fmt: skip
    security = forms.ChoiceField(
        label=_("加密方式"), widget=forms.Select(attrs=SELECT),
        choices=[("tls", _("TLS（端口 993）")), ("starttls", _("STARTTLS（端口 143）")), ("none", _("不加密（仅限本机）"))],
    )  # fmt: skip
    username = Text(label=_("用户名"), limit=254, required=False)
    password = forms.CharField(
        label=_("密码或授权码"), required=False, max_length=500,
        widget=forms.PasswordInput(attrs={"class": "form-control", "autocomplete": "new-password"}),
    )  # fmt: skip
    folder = Text(label=_("收信文件夹"), limit=200, initial="INBOX")
    done_folder = Text(label=_("处理后移入（空：留在原处并标为已读）"), limit=200, required=False)
    authority = Text(label=_("验证发件人的服务器名（Authentication-Results）"), limit=253, required=False)
    certificate = forms.CharField(
        label=_("服务器证书（仅限公司自建的证书，PEM）"), required=False, max_length=20_000,
        widget=forms.Textarea(attrs={"class": "form-control", "rows": 3, "spellcheck": "false"}),
    )  # fmt: skip

    def __init__(self, *args: Any, channels: Mapping[str, list[tuple[str, str]]], **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["channel"].choices = [("", _("请选择")), *channels.items()]  # type: ignore[attr-defined]

    def given(self) -> Given:
        return Given(**{**self.cleaned_data, "channel": self.cleaned_data["channel"].partition(":")[2]})


def _channels(manager: Manager, desks: Iterable[Desk]) -> dict[str, list[tuple[str, str]]]:
    """The ways in of the desks, under the name of their desk; what is sent names both."""
    found = {}
    for desk in desks:
        pack = manager.pack_of(desk)
        if pack is not None and pack.channels.mail is not None:
            shown = [
                (f"{desk.code}:{name}", words(c.title)) for name, c in pack.channels.channels.items() if not c.retired
            ]
            found[words(desk.called)] = shown
    return found


def _managed(manager: Manager) -> QuerySet[Mailbox]:
    return Mailbox.objects.filter(desk__in=manager.desks).select_related("desk")


@route(audience="staff", permission="manage_people", kind="mailbox", methods=["GET", "POST"])
@sensitive_post_parameters("password")
@confirmed
def mailboxes(request: HttpRequest) -> HttpResponse:
    """The mailboxes of the desks that the viewer manages; posted, a new one is registered."""
    manager = manager_of(request)
    desks = [desk for desk in manager.desks if desk.closed_at is None]
    form = MailboxForm(posted(request), channels=_channels(manager, desks))
    if request.method == "POST" and form.is_valid():
        code = form.cleaned_data["channel"].partition(":")[0]
        try:
            made = open_mailbox(next(desk for desk in desks if desk.code == code), form.given(), by=manager)
        except InvalidData as refusal:
            form.take(refusal)
        else:
            return _tried(request, made, manager)
    rows = list(_managed(manager).order_by("closed_at", "desk__code", "address"))
    context = {
        **TAB,
        "form": form,
        "rows": [(row, _channel_title(manager, row), trouble_in_words(row.error)) for row in rows],
    }
    return render(request, "organisation/mailboxes.html", context, status=422 if form.errors else 200)


def _channel_title(manager: Manager, mailbox: Mailbox) -> str:
    pack = manager.pack_of(mailbox.desk)
    channel = pack.channels.channels.get(mailbox.channel) if pack else None
    return words(channel.title) if channel else mailbox.channel


def _tried(request: HttpRequest, mailbox: Mailbox, manager: Manager) -> HttpResponse:
    """What was saved is tried at once, so that nobody waits for mail that can not come."""
    trouble = try_mailbox(mailbox, now=manager.now) if mailbox.host else ""
    if trouble:
        messages.error(request, gettext("已保存，但邮箱打不开：%(why)s。") % {"why": trouble_in_words(trouble)})
    elif mailbox.host:
        messages.success(request, gettext("已保存，邮箱可以打开。"))
    else:
        messages.success(request, gettext("已保存。没有填写服务器：来信由命令导入。"))
    return HttpResponseRedirect(reverse("mailbox", args=[mailbox.pk]))


def _mailbox(manager: Manager, pk: int) -> Mailbox:
    found = _managed(manager).filter(pk=pk).first()
    if found is None:
        raise Http404
    return found


@route(audience="staff", permission="manage_people", kind="mailbox", methods=["GET", "POST"])
@sensitive_post_parameters("password")
@confirmed
def one(request: HttpRequest, pk: int) -> HttpResponse:
    """One mailbox; posted, its settings are changed."""
    manager = manager_of(request)
    mailbox = _mailbox(manager, pk)
    first = {name: getattr(mailbox, name) for name in MailboxForm.base_fields if name not in ("password", "channel")}
    first["channel"] = f"{mailbox.desk.code}:{mailbox.channel}"
    form = MailboxForm(posted(request), initial=first, channels=_channels(manager, [mailbox.desk]))
    if request.method == "POST" and form.is_valid():
        try:
            change_mailbox(mailbox, form.given(), by=manager)
        except InvalidData as refusal:
            form.take(refusal)
        else:
            return _tried(request, mailbox, manager)
    context = {**TAB, "mailbox": mailbox, "form": form, "trouble": trouble_in_words(mailbox.error)}
    return render(request, "organisation/mailbox.html", context, status=422 if form.errors else 200)


@route(audience="staff", permission="manage_people", kind="mailbox", methods=["POST"])
def test(request: HttpRequest, pk: int) -> HttpResponse:
    """Connect, sign in and open the folder, without reading anything."""
    manager = manager_of(request)
    mailbox = _mailbox(manager, pk)
    trouble = try_mailbox(mailbox, now=manager.now)
    if trouble:
        messages.error(request, gettext("邮箱打不开：%(why)s。") % {"why": trouble_in_words(trouble)})
    else:
        messages.success(request, gettext("连接成功，可以收信。"))
    return HttpResponseRedirect(reverse("mailbox", args=[pk]))


@route(audience="staff", permission="manage_people", kind="mailbox", methods=["POST"])
@confirmed
def close(request: HttpRequest, pk: int) -> HttpResponse:
    """Read a mailbox no more."""
    manager = manager_of(request)
    mailbox = _mailbox(manager, pk)
    close_mailbox(mailbox, by=manager)
    messages.success(request, gettext("已停用“%(title)s”。") % {"title": mailbox.address})
    return HttpResponseRedirect(reverse("mailboxes"))
