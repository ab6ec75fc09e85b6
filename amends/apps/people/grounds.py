"""Who may manage what of the organisation: an administrator everything, others what lies with desks they manage."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property

from django.db.models import Q, QuerySet

from amends.apps.people.directory import Standing, standing_of
from amends.apps.people.models import Department, DeskFunction, Membership, Person
from amends.apps.people.rights import rights_of, standing_with
from amends.apps.policies.models import Desk
from amends.apps.policies.queries import NoPackInForce, pack_in_force
from amends.core.policy.pack import Pack
from amends.core.refusals import NotPermitted, Refusal

MANAGE = "manage_people"


class RightNotHeld(Refusal):
    """Somebody was about to grant a right that they do not hold."""

    code = "right_not_held"
    status = 403
    sentence = "您自己没有“%(right)s”的权限，不能授予他人，请由系统管理员办理。"


@dataclass
class Manager:
    """Somebody at a moment, with what they may manage; each thing is read once."""

    person: Person
    now: datetime
    _packs: dict[int, Pack | None] = field(default_factory=dict)

    @property
    def is_administrator(self) -> bool:
        return self.person.is_active and self.person.is_administrator

    @cached_property
    def standing(self) -> Standing:
        return standing_of(self.person, self.now)

    def pack_of(self, desk: Desk) -> Pack | None:
        """The policy in force on a desk, or None."""
        if desk.pk not in self._packs:
            try:
                self._packs[desk.pk] = pack_in_force(desk, self.now)
            except NoPackInForce:
                self._packs[desk.pk] = None
        return self._packs[desk.pk]

    @cached_property
    def desks(self) -> list[Desk]:
        """The desks whose people they manage."""
        return [desk for desk in Desk.objects.filter(practice_of=None) if self.manages(desk)]

    def manages(self, desk: Desk) -> bool:
        pack = self.pack_of(desk)
        if not self.person.is_active or pack is None:
            return False
        return self.is_administrator or standing_with(MANAGE, self.standing.caller(desk, pack), pack) is not None

    @property
    def manages_any(self) -> bool:
        return self.is_administrator or bool(self.desks)

    def check_any(self) -> None:
        """Raises NotPermitted for somebody who manages nobody."""
        if not self.manages_any:
            raise NotPermitted(verb="管理部门和人员")

    def check_desk(self, desk: Desk) -> None:
        """Raises NotPermitted unless they manage the people of the desk."""
        if not self.manages(desk):
            raise NotPermitted(verb="管理部门和人员")

    def check_department(self, department: Department | None) -> None:
        """Raises NotPermitted unless every desk that works with the department is managed by them.

        A department that no desk works with, and the top of the tree, are the administrator's.
        """
        if self.is_administrator:
            return
        used = desks_working_with(department) if department is not None else set()
        if not used or not used <= {desk.pk for desk in self.desks}:
            raise NotPermitted(verb="管理部门和人员")

    def check_person(self, person: Person) -> None:
        """Raises NotPermitted unless they manage every desk on which the person holds a role, and the department.

        Administrators are managed by administrators only.
        """
        if self.is_administrator:
            return
        held = set(Membership.objects.filter(person=person).values_list("desk_id", flat=True))
        if person.is_administrator or not held <= {desk.pk for desk in self.desks}:
            raise NotPermitted(verb="管理部门和人员")
        if not held or person.department is not None:
            self.check_department(person.department)

    def check_grant(self, desk: Desk, role: str) -> None:
        """Raises NotPermitted, or RightNotHeld for a role with a right they do not hold on the desk themselves."""
        self.check_desk(desk)
        pack = self.pack_of(desk)
        if self.is_administrator or pack is None:
            return
        own = rights_of(self.standing.caller(desk, pack), pack)
        missing = [right for right in pack.roles.roles[role].may if right not in own]
        if missing:
            raise RightNotHeld(right=RIGHT_WORDS.get(missing[0], missing[0]))

    @cached_property
    def leads(self) -> set[int]:
        """The departments that they lead, and all below: whose people's absences they enter."""
        paths = self._led_paths()
        if not paths:
            return set()
        below = Q()
        for path in paths:
            below |= Q(path__startswith=path)
        return set(Department.objects.filter(below).values_list("pk", flat=True))

    def _led_paths(self) -> list[str]:
        rows = [m for m in self.standing.memberships if m.person_id == self.person.pk and m.department_id]
        desks = {desk.pk: desk for desk in Desk.objects.all()} if rows else {}
        heading = [m for m in rows if self._heads(desks[m.desk_id], m.role)]
        units = Department.objects.filter(pk__in=[m.department_id for m in heading])
        return [unit.path for unit in units]

    def _heads(self, desk: Desk, role: str) -> bool:
        pack = self.pack_of(desk)
        found = pack.roles.roles.get(role) if pack else None
        return found is not None and found.heads

    def people(self) -> QuerySet[Person]:
        """The people they manage, those who left too: on their desks, or in departments that their desks work with."""
        people = Person.objects.all()
        if self.is_administrator:
            return people
        units = Q(pk__in=[])
        for path in DeskFunction.objects.filter(desk__in=self.desks).values_list("department__path", flat=True):
            units |= Q(path__startswith=path)
        within = Department.objects.filter(units).values("pk")
        scope = Q(memberships__desk__in=self.desks) | Q(department__in=within)
        return people.filter(pk__in=people.filter(scope).values("pk"))

    def staff(self) -> QuerySet[Person]:
        """The people whose absences they see and enter: everybody they manage, those they lead, and themselves."""
        people = Person.objects.filter(is_machine=False, is_active=True)
        if self.is_administrator:
            return people
        scope = Q(pk=self.person.pk) | Q(department__in=self.leads)
        if self.desks:
            scope |= Q(memberships__desk__in=self.desks)
        return people.filter(pk__in=people.filter(scope).values("pk"))


def desks_working_with(department: Department) -> set[int]:
    """The desks that bind a function to the department, to one above it or to one below it."""
    above = [int(part) for part in department.path.split(".") if part]
    bound = Q(department__in=above) | Q(department__path__startswith=department.path)
    return set(DeskFunction.objects.filter(bound).values_list("desk_id", flat=True))


RIGHT_WORDS = {
    "register": "登记", "backdate": "补录收到时间", "reveal": "查看完整个人信息", "export": "导出", "take_over": "接管历史个案",
    "evidence": "上传材料", "print": "打印", "manage_people": "管理部门和人员", "manage_pack": "管理制度",
    "audit": "查看日志和检查结果", "search_archive": "检索归档", "see_restricted": "查看限制个案", "see_reporter": "查看报告人",
    "reassign_any": "改派任何个案", "share_views": "共享列表视图", "export_full": "导出完整个人信息", "set_separation_aside": "说明理由后不受职责分离限制",
    "surveys": "开展和分析满意度调查",
    "address_book": "维护通讯录、群发短信", "approve_entries": "批准新增经销商", "release_texts": "复核群发短信",
    "sent_messages": "查看和处理发送记录", "propose_wordings": "修改消息文字", "approve_wordings": "批准消息文字",
    "personal_data": "办理个人信息的查阅和删除",
    "warnings": "查看趋势与预测，处理预警",
    "training": "安排和评估培训",
    "performance": "查看员工业绩档案",
    "scores": "查看部门考核得分", "scores_of_people": "查看员工考核得分", "overview": "查看概览和原因分析",
}  # fmt: skip
"""What each right of a role allows, in the reader's words."""
