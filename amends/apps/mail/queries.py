"""Who reads which mail: whoever registers contacts and sees the whole desk; of a case's mail, whoever may see the case."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet

from amends.apps.cases.models import Case
from amends.apps.cases.queries import Viewer, on_one_of, visible_to
from amends.apps.kept import Kept
from amends.apps.keyset import behind
from amends.apps.mail.models import IncomingMail, Mailbox
from amends.apps.mail.telling import looks_after_mail
from amends.apps.people.directory import OrganisationOfDesk
from amends.apps.policies.models import Desk
from amends.apps.policies.queries import NoPackInForce, pack_in_force
from amends.apps.prepared import Asked, Prepared, given_key, prepared
from amends.core.facts import CaseFacts
from amends.core.roles import actor_on_case

State = IncomingMail.State


_DESKS_WITH_MAIL = Kept(Prepared(lambda: Mailbox.objects.values_list("desk", flat=True).distinct()), of=Mailbox)
_MAILS_OF_CASE = Prepared(
    lambda: (
        IncomingMail.objects.filter(case_id=given_key("case"), twin_of=None).defer("text").order_by("arrived_at")[:50]
    )
)


def desks_whose_mail_is_read(viewer: Viewer) -> list[Desk]:
    """The desks that have a mailbox and whose mail the viewer reads."""
    with_mail = set(_DESKS_WITH_MAIL.ask())
    return [desk for desk in viewer.desks() if desk.pk in with_mail and _reads(viewer, desk)]


def _reads(viewer: Viewer, desk: Desk) -> bool:
    try:
        pack = pack_in_force(desk, viewer.now)
    except NoPackInForce:
        return False
    caller = viewer.caller(desk, pack)
    actor = actor_on_case(pack, caller, CaseFacts(), OrganisationOfDesk(desk, pack, viewer.now))
    return any(looks_after_mail(pack.roles.roles[name]) for name in actor.roles)


def visible_mails(viewer: Viewer) -> QuerySet[IncomingMail]:
    """The mails that the viewer reads: of their desks, on no case or on one that they may see."""
    desks = desks_whose_mail_is_read(viewer)
    return _mails_on(viewer, desks) if desks else IncomingMail.objects.none()


def _mails_on(viewer: Viewer, desks: list[Desk]) -> QuerySet[IncomingMail]:
    open_cases = visible_to(viewer).filter(desk__in=desks)
    return IncomingMail.objects.filter(Q(case=None) | on_one_of(open_cases, for_a_page=True), mailbox__desk__in=desks)


def mails_in(
    viewer: Viewer, states: tuple[str, ...], *, before: tuple[datetime, UUID] | None, size: int
) -> list[IncomingMail]:
    """The latest mails in these states (all when there is none), at most `size`; `before` is the last one shown."""
    found = visible_mails(viewer).select_related("mailbox__desk", "case").defer("text", "case__facts")
    if states:
        found = found.filter(state__in=states)
    if before is not None:
        at, key = before
        found = found.filter(behind({"-arrived_at": at, "-pk": key}))
    return list(found.order_by("-arrived_at", "-pk")[:size])


def mails_waiting(viewer: Viewer, desks: list[Desk]) -> Asked[Any]:
    """How many mails of desks whose mail the viewer reads wait for a person's decision; every page of who reads them shows it."""
    key = ("mails_waiting", viewer.standpoint(), tuple(desk.pk for desk in desks))
    return prepared(key, lambda: _mails_on(viewer, desks).filter(state=State.QUARANTINED).values_list("pk")).given()


def mails_of(case: Case) -> list[IncomingMail]:
    """The mails of a case, oldest first, second copies left out; no query where nobody has a mailbox."""
    if not _DESKS_WITH_MAIL.ask():
        return []
    return _MAILS_OF_CASE.ask(case=case.pk)
