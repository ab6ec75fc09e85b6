"""People: finding, adding, moving and letting go; the roles they hold; who administers the installation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext

from amends.apps.cases.organisation import open_cases_of
from amends.apps.cases.queries import visible_to
from amends.apps.people.finding import found_by
from amends.apps.people.grounds import Manager, RightNotHeld
from amends.apps.people.models import Absence, Membership, Person, PersonSkill
from amends.apps.people.second_factor import REASON_LENGTH, has_second_factor, reset
from amends.apps.people.staffing import (
    Staff,
    add_person,
    change_person,
    deactivate_person,
    give_role,
    invite_again,
    make_administrator,
    reactivate_person,
    set_skills,
    take_role,
)
from amends.apps.policies.models import Desk
from amends.core.refusals import InvalidData, NotPermitted
from amends.doors.routes import route
from amends.doors.wording import words
from amends.web.confirming import confirmed
from amends.web.organisation.departments import AREA, manager_of
from amends.web.organisation.fields import RoleForm, StaffForm, department_of, posted
from amends.web.organisation.praise import praise_shown
from amends.web.queue.rows import rows_of
from amends.web.viewing import viewer_of

PAGE = 50
CASES_SHOWN = 50
GIVEN_ROLES = ("desk", "department", "superior", "asked")
"""How a role has to count for somebody to be appointed to it; the others follow from a case."""


@route(audience="staff", permission="manage_people", kind="person")
def people(request: HttpRequest) -> HttpResponse:
    """Everybody the viewer manages, by name; found by name, user name or pinyin."""
    manager = manager_of(request)
    asked, status = request.GET.get("q", "").strip()[:40], request.GET.get("status", "active")
    rows = found_by(manager.people(), asked).filter(is_active=status != "left", is_machine=False)
    after = request.GET.get("after", "")
    if after.isdecimal() and len(after) < 12:
        last = Person.objects.filter(pk=int(after)).first()
        rows = (
            rows.filter(sort_key__gte=last.sort_key).exclude(sort_key=last.sort_key, pk__lte=last.pk) if last else rows
        )
    page = list(rows.select_related("department").order_by("sort_key", "pk")[: PAGE + 1])
    context = {
        **AREA, "tab": "people", "asked": asked, "status": status, "next": page[PAGE - 1].pk if len(page) > PAGE else "",
        "rows": [(person, roles) for person, roles in _with_roles(manager, page[:PAGE])],
    }  # fmt: skip
    return render(request, "organisation/people.html", context)


def _with_roles(manager: Manager, page: list[Person]) -> list[tuple[Person, list[str]]]:
    held: dict[int, list[str]] = {person.pk: [] for person in page}
    rows = Membership.objects.filter(Membership.valid_at(manager.now), person__in=page).select_related("desk")
    for row in rows.order_by("desk__code", "pk"):
        held[row.person_id].append(role_words(manager, row))
    return [(person, list(dict.fromkeys(held[person.pk]))) for person in page]


def role_words(manager: Manager, membership: Membership) -> str:
    """A role in the words of its desk's policy."""
    pack = manager.pack_of(membership.desk)
    role = pack.roles.roles.get(membership.role) if pack else None
    return words(role.title) if role else membership.role


@route(audience="staff", permission="manage_people", kind="person", methods=["GET", "POST"])
@confirmed
def add(request: HttpRequest) -> HttpResponse:
    """A new person; the link with which they set their password is shown once."""
    manager = manager_of(request)
    form = StaffForm(posted(request))
    if request.method == "POST" and form.is_valid():
        try:
            person, secret = add_person(_given(form, form.cleaned_data["username"]), by=manager)
        except InvalidData as refusal:
            form.take(refusal)
        else:
            return _shown_once(request, person, secret)
    return render(
        request, "organisation/add.html", {**AREA, "tab": "people", "form": form}, status=422 if form.errors else 200
    )


def _given(form: StaffForm, username: str) -> Staff:
    given = form.cleaned_data
    return Staff(
        username=username, name=given["name"], department=department_of(given["department"]), email=given["email"],
        phone=given["phone"],
    )  # fmt: skip


def _shown_once(request: HttpRequest, person: Person, secret: str) -> HttpResponse:
    link = f"{settings.BASE_URL}{reverse('welcome', args=[secret])}"
    response = render(request, "organisation/invited.html", {**AREA, "tab": "people", "person": person, "link": link})
    response["Referrer-Policy"] = "no-referrer"
    return response


@route(audience="staff", permission="manage_people", kind="person", methods=["GET", "POST"])
@confirmed
def one(request: HttpRequest, pk: int) -> HttpResponse:
    """One person: where they work, what they hold, what lies with them; posted, they are changed or moved."""
    manager = manager_of(request)
    person = _person(manager, pk)
    first = {"name": person.name, "department": person.department_id, "email": person.email, "phone": person.phone}
    form = StaffForm(posted(request), initial=first, is_new=False)
    if request.method == "POST" and form.is_valid():
        try:
            change_person(person, _given(form, person.username), by=manager)
        except InvalidData as refusal:
            form.take(refusal)
        else:
            messages.success(request, gettext("已保存。"))
            return HttpResponseRedirect(reverse("person", args=[person.pk]))
    return render(
        request,
        "organisation/person.html",
        _context(request, manager, person, form),
        status=422 if form.errors else 200,
    )


def _context(
    request: HttpRequest, manager: Manager, person: Person, form: StaffForm, roles: RoleForm | None = None
) -> dict[str, Any]:
    held = Membership.objects.filter(person=person).select_related("desk", "department").order_by("desk__code", "pk")
    viewer = viewer_of(request)
    cases = open_cases_of(person)
    seen = visible_to(viewer).filter(pk__in=cases.values("pk")).distinct().select_related("desk").defer("facts")
    return {
        **AREA, "tab": "people", "person": person, "form": form, "is_self": person.pk == manager.person.pk,
        "held": [(row, role_words(manager, row), manager.manages(row.desk)) for row in held],
        "roles": roles or RoleForm(roles=roles_to_give(manager)), "may_administer": manager.is_administrator,
        "skills": _skills_of(manager, person),
        "open": cases.count(), "cases": rows_of(list(seen.order_by("due_sort", "pk")[:CASES_SHOWN]), viewer.now),
        "absences": Absence.objects.filter(person=person, ends_at__gt=manager.now).select_related("deputy").order_by("starts_at"),
        "praise": praise_shown(person, viewer), "may_change": _may_change(manager, person), "has_factor": has_second_factor(person), "reason_length": REASON_LENGTH,
    }  # fmt: skip


def _may_change(manager: Manager, person: Person) -> bool:
    try:
        manager.check_person(person)
    except NotPermitted:
        return False
    return True


def roles_to_give(manager: Manager) -> dict[str, list[tuple[str, str]]]:
    """By desk: the roles that the manager may give, each as `desk:role`."""
    found: dict[str, list[tuple[str, str]]] = {}
    for desk in manager.desks:
        pack = manager.pack_of(desk)
        for name, role in pack.roles.roles.items() if pack else ():
            if role.counts in GIVEN_ROLES and _may_grant(manager, desk, name):
                found.setdefault(words(desk.called), []).append((f"{desk.code}:{name}", words(role.title)))
    return found


def _may_grant(manager: Manager, desk: Desk, role: str) -> bool:
    try:
        manager.check_grant(desk, role)
    except (RightNotHeld, NotPermitted):
        return False
    return True


def _person(manager: Manager, pk: int) -> Person:
    return get_object_or_404(manager.people().select_related("department"), pk=pk)


@route(audience="staff", permission="manage_people", kind="person", methods=["POST"])
@confirmed
def grant(request: HttpRequest, pk: int) -> HttpResponse:
    """Give a role, on a desk or in a department."""
    manager = manager_of(request)
    person = _person(manager, pk)
    form = RoleForm(request.POST, roles=_all_roles(manager))
    if form.is_valid():
        code, _, role = form.cleaned_data["role"].partition(":")
        desk = Desk.objects.get(code=code)
        try:
            give_role(
                person, desk=desk, role=role, department=department_of(form.cleaned_data["department"]), by=manager
            )
        except InvalidData as refusal:
            form.take(refusal)
        else:
            messages.success(request, gettext("已授予，立即生效。"))
            return HttpResponseRedirect(reverse("person", args=[person.pk]))
    first = {"name": person.name, "department": person.department_id, "email": person.email, "phone": person.phone}
    context = _context(request, manager, person, StaffForm(initial=first, is_new=False), form)
    return render(request, "organisation/person.html", context, status=422)


def _all_roles(manager: Manager) -> dict[str, list[tuple[str, str]]]:
    """Every role that somebody can be appointed to, so that one the manager may not give is refused by name."""
    found: dict[str, list[tuple[str, str]]] = {}
    for desk in Desk.objects.filter(practice_of=None):
        pack = manager.pack_of(desk)
        roles = pack.roles.roles.items() if pack else ()
        found[words(desk.called)] = [(f"{desk.code}:{n}", words(r.title)) for n, r in roles if r.counts in GIVEN_ROLES]
    return found


@route(audience="staff", permission="manage_people", kind="person", methods=["POST"])
@confirmed
def revoke(request: HttpRequest, pk: int, membership: int) -> HttpResponse:
    """Take a role away; it counts no more from the next request on."""
    manager = manager_of(request)
    person = _person(manager, pk)
    row = get_object_or_404(Membership.objects.select_related("desk"), person=person, pk=membership)
    take_role(row, by=manager)
    messages.success(request, gettext("已收回，立即生效。"))
    return HttpResponseRedirect(reverse("person", args=[person.pk]))


@route(audience="staff", permission="manage_people", kind="person", methods=["POST"])
@confirmed
def invite(request: HttpRequest, pk: int) -> HttpResponse:
    """A fresh link to set a password, shown once; earlier ones stop working."""
    manager = manager_of(request)
    person = _person(manager, pk)
    return _shown_once(request, person, invite_again(person, by=manager))


@route(audience="staff", permission="manage_people", kind="person", methods=["POST"])
@confirmed
def change_skills(request: HttpRequest, pk: int) -> HttpResponse:
    """Enter what somebody can do for the cases of a desk."""
    manager = manager_of(request)
    person = _person(manager, pk)
    desk = next((desk for desk in manager.desks if desk.code == request.POST.get("desk")), None)
    if desk is None:
        raise Http404
    set_skills(person, desk, request.POST.getlist("skills"), by=manager)
    messages.success(request, gettext("已保存。"))
    return HttpResponseRedirect(reverse("person", args=[person.pk]))


@dataclass(frozen=True, slots=True)
class SkillsShown:
    """The skills that the policy of a desk knows, each with whether the person has it."""

    desk: Desk
    skills: list[tuple[str, str, bool]]


def _skills_of(manager: Manager, person: Person) -> list[SkillsShown]:
    had = set(PersonSkill.objects.filter(person=person).values_list("desk_id", "skill"))
    known = [(desk, pack) for desk in manager.desks if (pack := manager.pack_of(desk)) and pack.routing.skills]
    return [
        SkillsShown(desk, [(n, words(s.title), (desk.pk, n) in had) for n, s in pack.routing.skills.items()])
        for desk, pack in known
    ]


@route(audience="staff", permission="manage_people", kind="person", methods=["POST"])
@confirmed
def reset_second_factor(request: HttpRequest, pk: int) -> HttpResponse:
    """Take off the second factor of somebody whose telephone is lost; the reason stands on the chain."""
    manager = manager_of(request)
    person = _person(manager, pk)
    reset(person, reason=request.POST.get("reason", ""), by=manager)
    said = gettext("已重置“%(name)s”的两步验证，其登录均已结束，下次凭密码登录。") % {"name": person.name}
    messages.success(request, said)
    return HttpResponseRedirect(reverse("person", args=[person.pk]))


@route(audience="staff", permission="manage_people", kind="person", methods=["POST"])
@confirmed
def let_go(request: HttpRequest, pk: int) -> HttpResponse:
    """Shut somebody out at once; what lies with them is listed on their page until it is handed over."""
    manager = manager_of(request)
    person = _person(manager, pk)
    deactivate_person(person, by=manager)
    messages.success(request, gettext("已停用“%(name)s”的账号，其登录和令牌立即失效。") % {"name": person.name})
    return HttpResponseRedirect(reverse("person", args=[person.pk]))


@route(audience="staff", permission="manage_people", kind="person", methods=["POST"])
@confirmed
def let_in(request: HttpRequest, pk: int) -> HttpResponse:
    """Let somebody in again."""
    manager = manager_of(request)
    person = _person(manager, pk)
    reactivate_person(person, by=manager)
    messages.success(request, gettext("已恢复“%(name)s”的账号。") % {"name": person.name})
    return HttpResponseRedirect(reverse("person", args=[person.pk]))


@route(audience="admin", permission="administrator", kind="person", methods=["POST"])
@confirmed
def administer(request: HttpRequest, pk: int) -> HttpResponse:
    """Let somebody administer the installation, or no more; the last administrator stays."""
    manager = manager_of(request)
    person = _person(manager, pk)
    make_administrator(person, wanted=request.POST.get("wanted") == "yes", by=manager)
    messages.success(request, gettext("已更改系统管理员。"))
    return HttpResponseRedirect(reverse("person", args=[person.pk]))
