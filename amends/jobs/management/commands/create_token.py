"""`amends create_token`: a bearer token for the API, shown once."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils import timezone

from amends.apps.people.actions import create_token
from amends.apps.people.models import Person
from amends.apps.people.tokens import LONGEST_LIFE_DAYS, SCOPES
from amends.apps.policies.models import Desk


class Command(BaseCommand):
    help = "Create a bearer token for a person or machine account; the secret is printed once and only its hash kept."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("username", help="whose rights the token has")
        parser.add_argument("--name", default="command line", help="what the token is for")
        parser.add_argument("--scope", action="append", dest="scopes", metavar="SCOPE",
                            help="read; write (read and every verb); all (rights such as reveal as well); or one verb or "
                                 "right by its name; may be repeated (default: read)")  # fmt: skip
        parser.add_argument("--desk", action="append", dest="desks", default=[], metavar="CODE",
                            help="limit the token to this desk; may be repeated; when all of them are gone it counts on none")  # fmt: skip
        parser.add_argument("--days", type=int, default=90, help="how long it lives")
        parser.add_argument("--json", action="store_true")

    def handle(self, *args: Any, username: str, **options: Any) -> None:
        person = Person.objects.filter(username=username, is_active=True).first()
        if person is None:
            raise CommandError(f"There is no active person {username!r}.")
        if unknown := sorted(set(options["scopes"] or []) - SCOPES):
            raise CommandError(f"There is no scope {', '.join(unknown)}.")
        if not 1 <= options["days"] <= LONGEST_LIFE_DAYS:
            raise CommandError(f"A token lives between 1 and {LONGEST_LIFE_DAYS} days.")
        with transaction.atomic():
            token, secret = create_token(
                person=person, name=options["name"][:80], scopes=options["scopes"] or ["read"],
                desks=desks_named(options["desks"]), now=timezone.now(), days=options["days"],
            )  # fmt: skip
        if options["json"]:
            answer = {"token": secret, "username": username, "scopes": token.scopes.split(),
                      "desks": options["desks"], "expires_at": token.expires_at.isoformat()}  # fmt: skip
            self.stdout.write(json.dumps(answer, ensure_ascii=False))
        else:
            self.stdout.write(secret)


def desks_named(codes: list[str]) -> list[Desk]:
    """The desks of these codes. Refuses a code that no desk has."""
    found = {desk.code: desk for desk in Desk.objects.filter(code__in=codes)}
    if missing := sorted(set(codes) - set(found)):
        raise CommandError(f"There is no desk {', '.join(missing)}.")
    return list(found.values())
