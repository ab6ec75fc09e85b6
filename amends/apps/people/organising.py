"""Writes to the tree of departments and to what each does on a desk; every change is an event of the desks concerned."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.db import IntegrityError, transaction

from amends.apps.ledger.actions import append_in_turn
from amends.apps.people.actions import bind_function, create_department, sort_key_of
from amends.apps.people.grounds import Manager, desks_working_with
from amends.apps.people.models import Department, DeskFunction
from amends.apps.policies.models import Desk
from amends.core.refusals import FieldError, InvalidData, Refusal

LONGEST_PATH = 230


class StillUsed(Refusal):
    """A department can not be retired while something hangs on it; `what` names it."""

    code = "still_used"
    sentence = "“%(department)s”还有%(what)s，不能停用。"


@transaction.atomic
def add_department(
    *, code: str, title: str, title_en: str, parent: Department | None, by: Manager
) -> Department:  # fmt: skip
    """A new department under its parent. Raises NotPermitted, and InvalidData for a code that is taken."""
    by.check_department(parent)
    if parent is not None and (parent.retired_at is not None or len(parent.path) > LONGEST_PATH):
        raise InvalidData([FieldError("/parent", "no_such_department", {"field": "上级部门"})])
    try:
        with transaction.atomic():
            department = create_department(code=code, title=title, title_en=title_en, parent=parent)
    except IntegrityError as taken:
        raise InvalidData([FieldError("/code", "taken", {"field": "部门代码", "value": code})]) from taken
    facts = {"department": department.pk, "parent": parent.pk if parent else None}
    record(department, "department_added", facts, {"title": title}, by=by)
    return department


@transaction.atomic
def rename_department(department: Department, *, title: str, title_en: str, by: Manager) -> None:
    """Another name; the place in lists follows its pinyin."""
    by.check_department(department)
    if (department.title, department.title_en) == (title, title_en):
        return
    department.title, department.title_en, department.sort_key = title, title_en, sort_key_of(title)
    department.save(update_fields=["title", "title_en", "sort_key"])
    record(department, "department_renamed", {"department": department.pk}, {"title": title}, by=by)


@transaction.atomic
def retire_department(department: Department, *, by: Manager) -> None:
    """Take a department out of use; it stays in the history. Raises StillUsed while staff, functions or units hang on it.

    That no open case lies with it is asked by `amends.apps.cases`, which calls this.
    """
    by.check_department(department)
    for what in _uses(department):
        raise StillUsed(department=department.called, what=what)
    department.retired_at = by.now
    department.save(update_fields=["retired_at"])
    record(department, "department_retired", {"department": department.pk}, {}, by=by)


def _uses(department: Department) -> Iterable[str]:
    if department.children.filter(retired_at=None).exists():
        yield "在用的下级部门"
    if department.staff.filter(is_active=True).exists():
        yield "在职人员"
    if department.memberships.filter(person__is_active=True).exists():
        yield "在其中任职的人员"
    if department.functions.exists():
        yield "承担的职能"


@transaction.atomic
def take_back_department(department: Department, *, by: Manager) -> None:
    """Put a retired department to use again."""
    by.check_department(department)
    if department.parent is not None and department.parent.retired_at is not None:
        raise StillUsed("上级部门已停用，请先恢复上级部门。")
    department.retired_at = None
    department.save(update_fields=["retired_at"])
    record(department, "department_taken_back", {"department": department.pk}, {}, by=by)


@transaction.atomic
def give_function(*, desk: Desk, function: str, department: Department, by: Manager) -> None:
    """Say which department does a function of the desk's policy from now on. Cases that lie elsewhere stay there."""
    by.check_desk(desk)
    pack = by.pack_of(desk)
    if pack is None or function not in pack.routing.functions:
        raise InvalidData([FieldError("/function", "unknown_choice", {"field": "职能", "value": function[:60]})])
    if department.retired_at is not None:
        raise InvalidData([FieldError("/department", "no_such_department", {"field": "部门"})])
    present = DeskFunction.objects.filter(desk=desk, function=function).first()
    if present is not None and present.department_id == department.pk:
        return
    bind_function(desk=desk, function=function, department=department)
    before = present.department_id if present else None
    record_on(
        [desk.code], "function_given", {"function": function, "department": department.pk, "before": before}, by=by
    )


def record(
    department: Department, kind: str, facts: Mapping[str, Any], texts: Mapping[str, str], *, by: Manager
) -> None:
    """On the chain of every desk that works with the department; on that of the installation where none does."""
    codes = list(Desk.objects.filter(pk__in=desks_working_with(department)).values_list("code", flat=True))
    record_on(codes, kind, facts, texts, by=by)


def record_on(
    codes: Iterable[str], kind: str, facts: Mapping[str, Any], texts: Mapping[str, str] | None = None, *, by: Manager
) -> None:
    """On the chains of these desks, or of the installation where there is none."""
    chains = [("desk", f"desk:{code}") for code in codes] or [("installation", "installation")]
    for chain_kind, key in chains:
        append_in_turn(
            chain_key=key, chain_kind=chain_kind, kind=kind, at=by.now, recorded_at=by.now, actor=by.person.actor_id,
            payload=facts, details=texts or {},
        )  # fmt: skip
