"""The tree of departments: heads, functions, staff; added, renamed and retired by those who manage it."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import Any

from django.contrib import messages
from django.db.models import Count
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext

from amends.apps.cases.organisation import retire_department_without_cases
from amends.apps.messaging.models import DepartmentWay
from amends.apps.messaging.robots import choose_department_way
from amends.apps.people.choices import departments_to_choose
from amends.apps.people.grounds import Manager
from amends.apps.people.models import Department, DeskFunction, Membership, Person
from amends.apps.people.organising import (
    add_department,
    give_function,
    rename_department,
    take_back_department,
)
from amends.apps.policies.models import Desk
from amends.core.refusals import InvalidData
from amends.doors.routes import route
from amends.doors.wording import words
from amends.web.confirming import confirmed
from amends.web.organisation.fields import DepartmentForm, DepartmentWayForm, department_of, posted
from amends.web.viewing import viewer_of

AREA = {"area": "organisation"}


def manager_of(request: HttpRequest) -> Manager:
    """Whoever is signed in as somebody who manages people. Raises NotPermitted for those who manage nobody."""
    viewer = viewer_of(request)
    manager = Manager(viewer.person, viewer.now)
    manager.check_any()
    return manager


@dataclass(slots=True)
class Unit:
    """A department as a line of the tree."""

    row: Department
    depth: int
    heads: list[Person] = field(default_factory=list)
    staff: int = 0
    functions: list[tuple[str, str]] = field(default_factory=list)


def units_of(manager: Manager, rows: list[Department]) -> list[Unit]:
    """The departments in the order of the tree, with what is known of each; a fixed number of queries."""
    by_id = {row.pk: row for row in rows}

    def place(row: Department) -> list[tuple[str, int]]:
        line = [by_id[int(part)] for part in row.path.split(".") if part and int(part) in by_id]
        return [(unit.sort_key, unit.pk) for unit in line]

    heads, functions = _heads(manager), _functions(manager)
    staff = Counter(dict(Person.objects.filter(is_active=True).values_list("department").annotate(Count("pk"))))
    return [
        Unit(row, max(row.path.count(".") - 1, 0), heads[row.pk], staff[row.pk], functions[row.pk])
        for row in sorted(rows, key=place)
    ]


def _heads(manager: Manager) -> dict[int, list[Person]]:
    found: dict[int, list[Person]] = defaultdict(list)
    desks = {desk.pk: desk for desk in Desk.objects.all()}
    rows = Membership.objects.filter(Membership.valid_at(manager.now), department__isnull=False, person__is_active=True)
    for row in rows.select_related("person").order_by("pk"):
        pack = manager.pack_of(desks[row.desk_id])
        role = pack.roles.roles.get(row.role) if pack else None
        if role is not None and role.heads and row.person not in found[row.department_id or 0]:
            found[row.department_id or 0].append(row.person)
    return found


def _functions(manager: Manager) -> dict[int, list[tuple[str, str]]]:
    """By department: the desk and what the department does there."""
    found: dict[int, list[tuple[str, str]]] = defaultdict(list)
    for row in DeskFunction.objects.select_related("desk").order_by("desk__code", "function"):
        pack = manager.pack_of(row.desk)
        function = pack.routing.functions.get(row.function) if pack else None
        found[row.department_id].append((words(row.desk.called), words(function.title) if function else row.function))
    return found


@route(audience="staff", permission="manage_people", kind="department", methods=["GET", "POST"])
@confirmed
def tree(request: HttpRequest) -> HttpResponse:
    """All departments as a tree; posted, a new one is added."""
    manager = manager_of(request)
    form = DepartmentForm(posted(request), may_be_top=manager.is_administrator)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        try:
            made = add_department(
                code=given["code"], title=given["title"], title_en=given["title_en"],
                parent=department_of(given["parent"]), by=manager,
            )  # fmt: skip
        except InvalidData as refusal:
            form.take(refusal)
        else:
            messages.success(request, gettext("已新增部门“%(title)s”。") % {"title": made.title})
            return HttpResponseRedirect(reverse("organisation"))
    rows = list(Department.objects.all())
    shown = [row for row in rows if row.retired_at is None]
    context = {
        **AREA,
        "tab": "departments",
        "units": units_of(manager, shown),
        "form": form,
        "retired": [r for r in rows if r.retired_at],
    }
    return render(request, "organisation/tree.html", context, status=422 if form.errors else 200)


@route(audience="staff", permission="manage_people", kind="department", methods=["GET", "POST"])
@confirmed
def department(request: HttpRequest, pk: int) -> HttpResponse:
    """One department: who works there in which role, and what it does; posted, it is renamed."""
    manager, row = manager_of(request), _department(pk)
    first = {"title": row.title, "title_en": row.title_en}
    form = DepartmentForm(posted(request), initial=first, is_new=False)
    if request.method == "POST" and form.is_valid():
        rename_department(row, title=form.cleaned_data["title"], title_en=form.cleaned_data["title_en"], by=manager)
        messages.success(request, gettext("已改名。"))
        return HttpResponseRedirect(reverse("department", args=[row.pk]))
    return _department_shown(request, manager, row, form)


def _department_shown(
    request: HttpRequest,
    manager: Manager,
    row: Department,
    form: DepartmentForm,
    *,
    way_form: DepartmentWayForm | None = None,
) -> HttpResponse:
    (unit,) = units_of(manager, [row])
    way = DepartmentWay.objects.filter(department=row).first()
    first = {"kind": way.kind, "every_minutes": way.every_minutes} if way else {"every_minutes": 15}
    held = Membership.objects.filter(Membership.valid_at(manager.now), department=row).select_related("person", "desk")
    context: dict[str, Any] = {
        **AREA, "tab": "departments", "unit": unit, "form": form, "line": _line(row), "way": way,
        "way_form": way_form or DepartmentWayForm(initial=first),
        "below": row.children.filter(retired_at=None).order_by("sort_key"),
        "held": [(m, _role_words(manager, m)) for m in held.order_by("person__sort_key", "pk")],
        "staff": row.staff.filter(is_active=True).order_by("sort_key", "pk"),
    }  # fmt: skip
    is_wrong = form.errors or (way_form is not None and way_form.errors)
    return render(request, "organisation/department.html", context, status=422 if is_wrong else 200)


@route(audience="staff", permission="manage_people", kind="department", methods=["POST"])
@confirmed
def choose_way(request: HttpRequest, pk: int) -> HttpResponse:
    """Say in which group robot a department hears of its notices."""
    manager, row = manager_of(request), _department(pk)
    way_form = DepartmentWayForm(request.POST)
    if way_form.is_valid():
        try:
            choose_department_way(row, **way_form.cleaned_data, by=manager)
        except InvalidData as refusal:
            way_form.take(refusal)
        else:
            messages.success(request, gettext("已保存。"))
            return HttpResponseRedirect(reverse("department", args=[row.pk]))
    form = DepartmentForm(initial={"title": row.title, "title_en": row.title_en}, is_new=False)
    return _department_shown(request, manager, row, form, way_form=way_form)


def _role_words(manager: Manager, membership: Membership) -> str:
    pack = manager.pack_of(membership.desk)
    role = pack.roles.roles.get(membership.role) if pack else None
    return words(role.title) if role else membership.role


def _line(row: Department) -> list[Department]:
    """The departments above, from the top down."""
    ids = [int(part) for part in row.path.split(".") if part][:-1]
    found = Department.objects.in_bulk(ids)
    return [found[pk] for pk in ids if pk in found]


def _department(pk: int) -> Department:
    return get_object_or_404(Department.objects.select_related("parent"), pk=pk)


@route(audience="staff", permission="manage_people", kind="department", methods=["POST"])
@confirmed
def retire(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a department out of use."""
    manager, row = manager_of(request), _department(pk)
    retire_department_without_cases(row, by=manager)
    messages.success(request, gettext("已停用“%(title)s”。") % {"title": row.title})
    return HttpResponseRedirect(reverse("organisation"))


@route(audience="staff", permission="manage_people", kind="department", methods=["POST"])
@confirmed
def take_back(request: HttpRequest, pk: int) -> HttpResponse:
    """Put a retired department to use again."""
    manager, row = manager_of(request), _department(pk)
    take_back_department(row, by=manager)
    messages.success(request, gettext("已恢复“%(title)s”。") % {"title": row.title})
    return HttpResponseRedirect(reverse("department", args=[row.pk]))


@route(audience="staff", permission="manage_people", kind="desk")
def functions(request: HttpRequest) -> HttpResponse:
    """Which department does which function, desk by desk."""
    manager = manager_of(request)
    bound = {(row.desk_id, row.function): row.department for row in DeskFunction.objects.select_related("department")}
    desks = []
    for desk in manager.desks:
        pack = manager.pack_of(desk)
        if pack is not None:
            rows = [(name, f, bound.get((desk.pk, name))) for name, f in pack.routing.functions.items()]
            desks.append((desk, rows))
    context = {**AREA, "tab": "functions", "desks": desks, "departments": departments_to_choose()}
    return render(request, "organisation/functions.html", context)


@route(audience="staff", permission="manage_people", kind="desk", methods=["POST"])
@confirmed
def give(request: HttpRequest) -> HttpResponse:
    """Say which department does a function from now on."""
    manager = manager_of(request)
    desk = Desk.objects.filter(code=request.POST.get("desk", "")[:40]).first()
    number = request.POST.get("department", "")
    unit = department_of(int(number)) if number.isdecimal() and len(number) < 12 else None
    if desk is None or unit is None:
        raise Http404
    give_function(desk=desk, function=request.POST.get("function", ""), department=unit, by=manager)
    messages.success(request, gettext("已改由“%(title)s”承担。") % {"title": unit.title})
    return HttpResponseRedirect(f"{reverse('functions')}#{desk.code}")
