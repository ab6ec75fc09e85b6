"""The pages on which open cases are moved to another version of their policy, and the command that does the same."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.test import Client

from amends.apps.cases.models import Case, VersionMove
from amends.apps.cases.tasks import move_cases
from amends.apps.deferred.models import Job
from tests.doors import Office
from tests.pages import text_of
from tests.versions import publish_next
from tests.web.manage import browser, cost

PACKS = ("express",)
pytestmark = pytest.mark.django_db


def a_day_less(content: dict[str, Any]) -> None:
    content["head"]["settings"]["general_days"]["value"] -= 1


@pytest.fixture
def manager(office: Office) -> Client:
    return browser(office.world.person("administrator"))


def work() -> None:
    """What the worker does with the lists that wait for it."""
    for job in Job.objects.filter(kind="move_cases", state=Job.State.WAITING):
        move_cases(job.arguments())


def test_a_move_is_previewed_done_and_taken_back_by_its_pages(office: Office, manager: Client) -> None:
    world = office.world
    case = world.do(world.register(), "accept")
    publish_next("express", a_day_less, now=world.now)
    assert "第 2 版" in text_of(manager.get("/policies/express/moves/"))
    seen = text_of(manager.get("/policies/express/moves/preview/", {"to": "2"}))
    assert case.number in seen and "“处理时限”重新计算" in seen and "可以改用 1" in seen
    begun = manager.post("/policies/express/moves/begin/", {"to": "2"})
    move = VersionMove.objects.get()
    assert (begun.status_code, begun["Location"]) == (302, f"/policies/express/moves/{move.pk}/")
    assert "正在办理，还有 1 件" in text_of(manager.get(begun["Location"]))
    work()
    assert Case.objects.get(pk=case.pk).pack.version == 2
    done = text_of(manager.get(begun["Location"]))
    assert "已改用 1" in done and "撤回（1 件回到原版本）" in done
    back = manager.post(f"/policies/express/moves/{move.pk}/back/")
    work()
    assert Case.objects.get(pk=case.pk).pack.version == 1
    assert "这次改用已经撤回" in text_of(manager.get(begun["Location"]))
    assert "撤回" in text_of(manager.get(back["Location"]))
    again = manager.post(f"/policies/express/moves/{move.pk}/back/")
    assert again.status_code == 409


def test_restricted_cases_are_counted_and_not_named(office: Office, manager: Client) -> None:
    world = office.world
    open_to_all, guarded = world.register(), world.register()
    Case.objects.filter(pk=guarded.pk).update(restricted_to=",executive,")
    publish_next("express", a_day_less, now=world.now)
    seen = text_of(manager.get("/policies/express/moves/preview/", {"to": "2"}))
    assert open_to_all.number in seen
    assert guarded.number not in seen
    assert "可以改用 2" in seen and "限制查看 1" in seen


def test_a_preview_costs_the_same_for_few_and_many_cases(office: Office, manager: Client) -> None:
    world = office.world
    world.register()
    publish_next("express", a_day_less, now=world.now)

    address = "/policies/express/moves/preview/?to=2"
    few = cost(manager, address)
    for _ in range(3):
        world.register()
    assert cost(manager, address) == few


@pytest.mark.parametrize("role", ["intake_officer", "department_head", "executive"])
def test_the_pages_are_for_those_who_manage_the_policy(office: Office, role: str) -> None:
    client = browser(office.world.person(role))
    assert client.get("/policies/express/moves/").status_code == 403
    assert client.post("/policies/express/moves/begin/", {"to": "1"}).status_code == 403
    assert "改用新版" not in text_of(client.get("/policies/"))


def test_the_command_previews_performs_and_takes_back(office: Office, capsys: pytest.CaptureFixture[str]) -> None:
    world = office.world
    case = world.register()
    publish_next("express", a_day_less, now=world.now)
    call_command("pack", "move", "express", "2", "--json")
    assert json.loads(capsys.readouterr().out) == {"open": 1, "can_move": 1, "can_not_move": []}
    call_command("pack", "move", "express", "2", "--perform", "--json")
    done = json.loads(capsys.readouterr().out)
    assert (done["moved"], done["refused"]) == (1, 0)
    assert Case.objects.get(pk=case.pk).pack.version == 2
    call_command("pack", "unmove", str(done["move"]))
    assert "1 cases moved, 0 not" in capsys.readouterr().out
    assert Case.objects.get(pk=case.pk).pack.version == 1
    with pytest.raises(CommandError, match="taken back"):
        call_command("pack", "unmove", str(done["move"]))
    with pytest.raises(CommandError, match="no version 9"):
        call_command("pack", "move", "express", "9")
