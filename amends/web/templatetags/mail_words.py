"""The mails of a case, beside it."""

from __future__ import annotations

from typing import Any

from django import template

from amends.apps.mail.queries import desks_whose_mail_is_read, mails_of
from amends.core.masking import masked_contact
from amends.core.roles import sees_task_only
from amends.web.mail.words import checks_in, reason_in_words

register = template.Library()


@register.inclusion_tag("case/_mails.html")
def mail_panel(seen: Any) -> dict[str, Any]:
    """When which mails of the case came, and what the mail server found about their sender.

    Nothing where who reported is kept from the viewer, or where they see their task only.
    """
    case = seen.case
    if (case.hides_reporter and not seen.may("see_reporter")) or sees_task_only(seen.pack, seen.actor):
        return {"mails": []}
    mails = [
        (mail, masked_contact(mail.sender), checks_in(mail.verdict), reason_in_words(mail.reason))
        for mail in mails_of(case)
    ]
    reads = bool(mails) and case.desk in desks_whose_mail_is_read(seen.viewer)
    return {"mails": mails, "reads": reads, "zone": seen.zone}
