"""What registering a contact would propose, as far as it is filled in."""

from __future__ import annotations

from amends.apps.cases.actions.register import Contact, facts_of_contact, known_complainant
from amends.apps.people.directory import OrganisationOfDesk
from amends.core.decision import Request
from amends.core.facts import CaseFacts
from amends.core.foresight import Foresight, foresee
from amends.core.policy.pack import Pack
from amends.core.roles import actor_on_case


def foresee_contact(pack: Pack, contact: Contact) -> Foresight:
    """The level and the department that registering would propose now, by the same rules; nothing is changed or refused."""
    directory = OrganisationOfDesk(contact.desk, pack, contact.now)
    actor = actor_on_case(pack, contact.caller, CaseFacts(), directory)
    complainant = contact.complainant or known_complainant(contact.data)
    request = Request(
        verb="register", data=contact.data, actor=actor, now=contact.now, local_zone=contact.local_zone,
        given=facts_of_contact(pack, contact, complainant), form=pack.channels.kinds[contact.kind].form,
    )  # fmt: skip
    return foresee(pack, request, directory)
