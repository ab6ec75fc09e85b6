"""`amends demo`: five desks with people and invented cases, and how to be rid of them."""

import json
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.utils import timezone

from amends.apps.policies.models import Desk
from amends.jobs.demo import LOGINS_FILE, build_demo, publish_what_ships
from amends.jobs.demo_removal import remove_demo
from amends.jobs.stories.playing_all import play_everything


class Command(BaseCommand):
    help = "Fill an empty installation with five demo desks and their people; the worker makes their cases."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--if-empty", action="store_true", help="only publish changed packs when desks exist")
        parser.add_argument("--play", action="store_true", help="make the cases here and now, without the worker")
        parser.add_argument("--remove", action="store_true", help="erase the demo and close its desks; chains stay")
        parser.add_argument("--json", action="store_true")

    def handle(self, **options: Any) -> None:
        if options["remove"]:
            self._remove()
            return
        now = timezone.now()
        if options["if_empty"] and Desk.objects.exists():
            publish_what_ships(now=now)
            return
        is_new = not Desk.objects.exists()
        logins = build_demo(now=now, leave_to_worker=not options["play"])
        if options["play"] and is_new:
            play_everything(now=now)
        if options["json"]:
            self.stdout.write(json.dumps([login.username for login in logins], ensure_ascii=False))
            return
        for login in logins:
            if login.is_main:
                self.stdout.write(f"{login.desk:12} {login.role}  {login.name}  {login.username}")
        self.stdout.write(f"All {len(logins)} logins, with their passwords: {settings.VAR_DIR / LOGINS_FILE}")

    def _remove(self) -> None:
        gone = remove_demo(now=timezone.now())
        self.stdout.write(
            f"已清除演示数据：{gone.cases} 个个案、{gone.files} 个文件，停用 {gone.people} 个账号，关闭 {gone.desks} 个受理台。"
        )
        if gone.staying:
            self.stdout.write(f"账号 {gone.staying} 是唯一的系统管理员，予以保留；请另建管理员后停用。")
        self.stdout.write("存证链未受影响，可运行 amends audit_verify 核对。")
