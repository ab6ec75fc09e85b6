"""How complainants are reached: what a form says about it is kept beside the complainant, where every case of theirs finds it."""

from __future__ import annotations

from collections.abc import Mapping

from amends.apps.cases.actions.perform import Performed, projector
from amends.apps.cases.portal_keys import normal_contact
from amends.apps.people.models import Complainant, ContactPoint

CONTACT_FIELDS = (("phone", "complainant_phone"), ("email", "complainant_email"))
KEPT = (*CONTACT_FIELDS, ("address", "complainant_address"))


def remember_contacts(complainant: Complainant, texts: Mapping[str, str]) -> None:
    """Keep the telephone number and the addresses of a form; those on file stay, and the newest is used first."""
    points = [
        ContactPoint(complainant=complainant, kind=kind, value=texts[name], normal=normal_contact(kind, texts[name]))
        for kind, name in KEPT
        if texts.get(name)
    ]
    ContactPoint.objects.bulk_create(points, ignore_conflicts=True)


@projector
def remember_what_staff_learned(done: Performed) -> None:
    """A number or an address that staff learned after registering reaches the complainant from now on.

    Only what staff enter counts: whoever merely holds a private link could otherwise have the codes sent to themselves.
    """
    if done.event.verb == "register" or done.caller.person is None or done.case.complainant is None:
        return
    remember_contacts(done.case.complainant, done.decision.texts)
