"""Whoever looks after a mailbox is told that mail waits for them: once for all that waits, not once a mail."""

from __future__ import annotations

from datetime import datetime, timedelta

from amends.apps.mail.models import IncomingMail
from amends.apps.messaging.actions import notify
from amends.apps.messaging.models import MAIL_WAITS, Notice
from amends.apps.people.directory import holders_of
from amends.apps.policies.queries import NoPackInForce, pack_in_force
from amends.core.policy.people import Role

TOLD_ANEW = timedelta(days=1)
"""Somebody who has not looked at a notice is told no more before."""
USUAL = {
    "zh-hans": "{{mailbox}} 收到来信，系统未能自动归类，请到“来信”中处理。",
    "en": "Mail to {{mailbox}} could not be placed automatically. Please decide about it under Mail.",
}
"""What people read where the policy has no words of its own for it."""


def looks_after_mail(role: Role) -> bool:
    """Whether a role reads the mail of its desk and decides about what no rule could place."""
    return role.sees == "desk" and "register" in role.may


def tell_that_mail_waits(mail: IncomingMail, *, now: datetime) -> int:
    """Give those who look after the mailbox a notice, but for whoever has one already that they have not seen; returns how
    many were told.
    """
    mailbox = mail.mailbox
    try:
        pack = pack_in_force(mailbox.desk, now)
    except NoPackInForce:
        return 0
    key = f"{MAIL_WAITS}:{mailbox.pk}:"
    unseen = Notice.objects.filter(
        message=MAIL_WAITS, unique_key__startswith=key, acknowledged_at=None, created_at__gt=now - TOLD_ANEW
    )
    know = set(unseen.values_list("person", flat=True))
    roles = [name for name, role in pack.roles.roles.items() if looks_after_mail(role)]
    people = [person for person in holders_of(roles, desk=mailbox.desk, now=now) if person.pk not in know]
    return notify(
        people, pack=pack, message=MAIL_WAITS, values={"mailbox": mailbox.address}, case_key="", case_number="", now=now,
        unique_key=f"{key}{mail.pk.hex}", usual=USUAL,
    )  # fmt: skip
