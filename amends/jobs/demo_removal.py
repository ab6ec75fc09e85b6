"""Taking the demo away: what was written on its desks is erased, the desks are closed, nobody of it signs in any more."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from amends.apps.cases.actions.erase import erase_cases, erase_records, forget_what_they_typed
from amends.apps.cases.models import Case
from amends.apps.cases.posts import forget_posts_of
from amends.apps.circulars.book import forget_book_of
from amends.apps.deferred.actions import call_off
from amends.apps.mail.erasing import forget_mailboxes_of
from amends.apps.outlook.models import Analysis
from amends.apps.people.actions import LastAdministrator, deactivate
from amends.apps.people.models import Person
from amends.apps.people.partners import retire_partners_of
from amends.apps.policies.actions import close_desk
from amends.apps.policies.models import Desk
from amends.apps.policies.queries import open_desks
from amends.jobs.demo import keep_logins, read_logins
from amends.jobs.stories.playing_all import KIND, forget_progress

BY = "system"


@dataclass(frozen=True, slots=True)
class Removed:
    """What was taken away, and the demo account that stays because nobody else could administer the installation."""

    desks: int
    cases: int
    files: int
    people: int
    staying: str = ""


def remove_demo(*, now: datetime) -> Removed:
    """Erase the cases of all demo desks, close the desks and shut their people out; the chains stay and verify.

    Nothing happens to other desks. Doing it again finishes what was interrupted.
    """
    call_off(KIND, now=now)
    desks = list(open_desks().filter(is_demo=True))
    cases = list(Case.objects.filter(desk__is_demo=True).exclude(subject="").values_list("pk", flat=True))
    files = erase_cases(cases, now=now) + erase_records([desk.pk for desk in desks], now=now)
    _forget_what_lies_around(desks, now=now)
    people, staying = _shut_out(now)
    _close(desks, now=now)
    forget_progress()
    keep_logins([login for login in read_logins() if login.username == staying])
    return Removed(len(desks), len(cases), files, people, staying)


@transaction.atomic
def _forget_what_lies_around(desks: list[Desk], *, now: datetime) -> None:
    forget_mailboxes_of(desks, now=now)
    forget_posts_of(desks)
    forget_book_of(desks)
    Analysis.objects.filter(desk__in=desks).update(comment="")


@transaction.atomic
def _shut_out(now: datetime) -> tuple[int, str]:
    people = list(Person.objects.filter(is_demo=True, is_active=True).order_by("is_administrator", "pk"))
    forget_what_they_typed([person.actor_id for person in people])
    for person in people:
        try:
            deactivate(person=person, by=BY, now=now)
        except LastAdministrator:
            return len(people) - 1, person.username
    return len(people), ""


@transaction.atomic
def _close(desks: list[Desk], *, now: datetime) -> None:
    for desk in desks:
        retire_partners_of(desk, now=now, actor=BY)
        close_desk(desk, now=now, actor=BY)
