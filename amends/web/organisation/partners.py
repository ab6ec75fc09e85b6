"""The register of partners: added, changed, retired and taken back by those who manage their desk."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.contrib import messages
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext

from amends.apps.people.grounds import Manager
from amends.apps.people.models import Partner
from amends.apps.people.partners import (
    Company,
    add_partner,
    change_partner,
    kinds_of_partners,
    names_partners,
    retire_partner,
    take_back_partner,
)
from amends.apps.policies.models import Desk
from amends.core.refusals import InvalidData
from amends.doors.routes import route
from amends.doors.wording import words
from amends.web.confirming import confirmed
from amends.web.organisation.departments import AREA, manager_of
from amends.web.organisation.fields import PartnerForm, posted

TAB: Mapping[str, Any] = {**AREA, "tab": "partners"}


def kinds_by_desk(manager: Manager, desks: Iterable[Desk | None]) -> dict[Desk | None, dict[str, str]]:
    """What partners are registered as on each of the desks whose policy names partners, in words."""
    found: dict[Desk | None, dict[str, str]] = {}
    for desk in desks:
        pack = manager.pack_of(desk) if desk else None
        if pack is not None and names_partners(pack):
            kinds = {kind: words(title) for kind, title in kinds_of_partners(pack).items()}
            found[desk] = kinds or {"": gettext("合作伙伴")}
    return found


def _choices(kinds: Mapping[Desk | None, Mapping[str, str]]) -> dict[str, list[tuple[str, str]]]:
    """The kinds under the name of their desk; what is sent names both."""
    return {
        words(desk.called): [(f"{desk.code}:{kind}", title) for kind, title in of_desk.items()]
        for desk, of_desk in kinds.items()
        if desk is not None
    }


def _given(form: PartnerForm) -> Company:
    given = form.cleaned_data
    kind = given["kind"].partition(":")[2]
    return Company(
        name=given["name"], kind=kind, contact=given["contact"], email=given["email"], phone=given["phone"]
    )  # fmt: skip


@route(audience="staff", permission="manage_people", kind="partner", methods=["GET", "POST"])
@confirmed
def partners(request: HttpRequest) -> HttpResponse:
    """The partners of the desks that the viewer manages; posted, a new one is registered."""
    manager = manager_of(request)
    kinds = kinds_by_desk(manager, manager.desks)
    form = PartnerForm(posted(request), kinds=_choices(kinds))
    if request.method == "POST" and form.is_valid():
        code = form.cleaned_data["kind"].partition(":")[0]
        desk = next(desk for desk in kinds if desk is not None and desk.code == code)
        try:
            made = add_partner(desk, _given(form), by=manager)
        except InvalidData as refusal:
            form.take(refusal)
        else:
            messages.success(request, gettext("已登记合作伙伴“%(name)s”。") % {"name": made.name})
            return HttpResponseRedirect(reverse("partners"))
    rows = [(row, _kind_in_words(row, kinds)) for row in _managed(manager).order_by("desk__code", "name", "pk")]
    context = {
        **TAB,
        "form": form,
        "registers": bool(kinds),
        "rows": [(row, kind) for row, kind in rows if row.retired_at is None],
        "retired": [row for row, _ in rows if row.retired_at],
    }
    return render(request, "organisation/partners.html", context, status=422 if form.errors else 200)


def _kind_in_words(partner: Partner, kinds: Mapping[Desk | None, Mapping[str, str]]) -> str:
    return kinds.get(partner.desk, {}).get(partner.kind, partner.kind)


def _managed(manager: Manager) -> QuerySet[Partner]:
    of_every_desk = Q(desk=None) if manager.is_administrator else Q(pk__in=[])
    return Partner.objects.filter(Q(desk__in=manager.desks) | of_every_desk).select_related("desk")


def _partner(manager: Manager, pk: int) -> Partner:
    return get_object_or_404(_managed(manager), pk=pk)


@route(audience="staff", permission="manage_people", kind="partner", methods=["GET", "POST"])
@confirmed
def one(request: HttpRequest, pk: int) -> HttpResponse:
    """One partner; posted, it is renamed, or its kind or addresses are changed."""
    manager = manager_of(request)
    partner = _partner(manager, pk)
    kinds = kinds_by_desk(manager, [partner.desk])
    code = partner.desk.code if partner.desk else ""
    choices = _choices(kinds) or {"—": [(f"{code}:{partner.kind}", partner.kind or gettext("合作伙伴"))]}
    first = {
        "name": partner.name, "kind": f"{code}:{partner.kind}", "contact": partner.contact, "email": partner.email,
        "phone": partner.phone,
    }  # fmt: skip
    form = PartnerForm(posted(request), initial=first, kinds=choices)
    if request.method == "POST" and form.is_valid():
        try:
            change_partner(partner, _given(form), by=manager)
        except InvalidData as refusal:
            form.take(refusal)
        else:
            messages.success(request, gettext("已保存。"))
            return HttpResponseRedirect(reverse("partners"))
    context = {**TAB, "partner": partner, "title": first["name"], "form": form, "kind": _kind_in_words(partner, kinds)}
    return render(request, "organisation/partner.html", context, status=422 if form.errors else 200)


@route(audience="staff", permission="manage_people", kind="partner", methods=["POST"])
@confirmed
def retire(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a partner out of use."""
    manager = manager_of(request)
    partner = _partner(manager, pk)
    retire_partner(partner, by=manager)
    messages.success(request, gettext("已停用“%(title)s”。") % {"title": partner.name})
    return HttpResponseRedirect(reverse("partners"))


@route(audience="staff", permission="manage_people", kind="partner", methods=["POST"])
@confirmed
def take_back(request: HttpRequest, pk: int) -> HttpResponse:
    """Put a retired partner to use again."""
    manager = manager_of(request)
    partner = _partner(manager, pk)
    take_back_partner(partner, by=manager)
    messages.success(request, gettext("已恢复“%(title)s”。") % {"title": partner.name})
    return HttpResponseRedirect(reverse("partners"))
