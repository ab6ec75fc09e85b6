"""Notices to where staff are: group robots of WeCom, DingTalk and Feishu, or mail."""

from __future__ import annotations

import json
from urllib.parse import urlsplit

from django.db import transaction
from django.db.models import F

from amends.apps.messaging.models import DepartmentWay, Notice, NoticeWay
from amends.apps.messaging.outbound import CallRefused, post
from amends.apps.messaging.sending import ONE_MAILBOX
from amends.apps.people.grounds import Manager
from amends.apps.people.models import Department, Person
from amends.apps.people.organising import record
from amends.core.refusals import FieldError, InvalidData

Kind = NoticeWay.Kind
HOSTS: dict[str, tuple[str, ...]] = {
    Kind.WECOM: ("qyapi.weixin.qq.com",),
    Kind.DINGTALK: ("oapi.dingtalk.com",),
    Kind.FEISHU: ("open.feishu.cn", "open.larksuite.com"),
}
"""Where robots live; nothing else is called, whatever somebody enters."""


class RobotRefused(Exception):
    """The robot took nothing: its key is wrong, or it asks for a word that is missing."""


def checked_address(kind: str, address: str) -> str:
    """The address as it is kept. Raises InvalidData when it is none of the kind."""
    address = address.strip()
    if kind == Kind.EMAIL:
        if not ONE_MAILBOX.fullmatch(address):
            raise InvalidData([FieldError("/address", "bad_email", {"field": "地址"})])
        return address
    target = urlsplit(address)
    if target.scheme != "https" or target.netloc not in HOSTS.get(kind, ()) or len(address) > 300:
        hosts = "、".join(HOSTS.get(kind, ()))
        raise InvalidData([FieldError("/address", "bad_robot", {"field": "地址", "hosts": hosts})])
    return address


def say(way: NoticeWay | DepartmentWay, text: str) -> None:
    """Have a robot say a text. Raises RobotRefused, NotReached or AnswerLost."""
    body = {"msg_type": "text", "content": {"text": text}} if way.kind == Kind.FEISHU else {
        "msgtype": "text", "text": {"content": text},
    }  # fmt: skip
    try:
        answer = post(
            way.address, json.dumps(body, ensure_ascii=False).encode(), {"Content-Type": "application/json"},
            hosts=HOSTS[way.kind],
        )  # fmt: skip
    except CallRefused as refusal:
        raise RobotRefused(str(refusal)) from refusal
    if not _was_taken(answer.status, answer.body):
        raise RobotRefused(str(answer.status))


def _was_taken(status: int, body: bytes) -> bool:
    try:
        said = json.loads(body)
    except ValueError:
        return False
    code = said.get("errcode", said.get("code", said.get("StatusCode"))) if isinstance(said, dict) else None
    return status == 200 and code == 0


def choose_way(person: Person, *, kind: str, address: str, every_minutes: int, digest: bool) -> None:
    """Where somebody wants notices from now on; without a kind on the page alone. An address that is set may stay.

    Raises InvalidData at the field.
    """
    if not kind:
        NoticeWay.objects.filter(person=person).delete()
        return
    kept = NoticeWay.objects.filter(person=person, kind=kind).first()
    if not address.strip() and kept is None:
        raise InvalidData([FieldError("/address", "required", {"field": "地址"})])
    checked = checked_address(kind, address) if address.strip() else (kept.address if kept else "")
    values = {"kind": kind, "address": checked, "every_minutes": every_minutes, "digest": digest, "error": ""}
    NoticeWay.objects.update_or_create(person=person, defaults=values)
    # What came before is on the page already.
    Notice.objects.filter(person=person, carried_at=None).update(carried_at=F("created_at"))


@transaction.atomic
def choose_department_way(department: Department, *, kind: str, address: str, every_minutes: int, by: Manager) -> None:
    """In which group robot a department hears of its notices from now on; without a kind in none. An address that is set may stay.

    Raises NotPermitted, and InvalidData at the field.
    """
    by.check_department(department)
    if not kind:
        DepartmentWay.objects.filter(department=department).delete()
        record(department, "department_way_removed", {"department": department.pk}, {}, by=by)
        return
    if kind not in DepartmentWay.Kind.values:
        raise InvalidData([FieldError("/kind", "unknown_choice", {"field": "方式", "value": kind[:20]})])
    kept = DepartmentWay.objects.filter(department=department, kind=kind).first()
    if not address.strip() and kept is None:
        raise InvalidData([FieldError("/address", "required", {"field": "机器人地址"})])
    checked = checked_address(kind, address) if address.strip() else (kept.address if kept else "")
    values = {"kind": kind, "address": checked, "every_minutes": every_minutes, "error": ""}
    _, is_new = DepartmentWay.objects.update_or_create(department=department, defaults=values)
    if is_new:
        # What came before is on the pages of its people already.
        told = Notice.objects.filter(person__department=department, told_department_at=None)
        told.update(told_department_at=F("created_at"))
    # The key of the robot stands in its address, so the ledger has the kind alone.
    record(department, "department_way_chosen", {"department": department.pk, "way": kind}, {}, by=by)
