"""Which case a mail answers, and whom it only mentions.

A mail is added to a case when it carries something that cannot be forged (a signed reply address, or the Message-ID of a
mail that we sent) and comes from an address of the complainant. Everything else is at most a hint for staff.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from amends.apps.cases.models import Case
from amends.apps.mail.limited import Letter
from amends.apps.mail.models import Mailbox
from amends.apps.messaging.models import OutboxMessage
from amends.apps.messaging.reply_addresses import case_named_by
from amends.apps.people.models import ContactPoint
from amends.apps.policies.models import Desk

NUMBER = re.compile(r"[A-Za-z\u4e00-\u9fff]{0,12}[\w/-]{0,12}\d[\w/-]{2,30}")
LOOKED_AT = 2_000
MOST_NUMBERS = 20
MOST_OTHERS = 3
RESULT = re.compile(r"\b(spf|dkim|dmarc)\s*=\s*(pass|fail|softfail|neutral|none|temperror|permerror|policy)\b")


@dataclass(frozen=True, slots=True)
class Standing:
    """The case that a mail answers; or those that it may belong to, and why it was not added to one of them."""

    case: Case | None = None
    may_belong_to: tuple[Case, ...] = ()
    why: str = ""


def standing_of(letter: Letter, sender: str, desk: Desk, *, is_forged: bool) -> Standing:
    """What the mail has to do with cases of the desk. `is_forged` says that the mail server found its sender untrue."""
    signed = _signed(letter, desk)
    for case in signed:
        if not is_forged and _takes_part(sender, case):
            return Standing(case, (case,), "closed")
    mentioned = _mentioned(letter, desk)
    others = tuple({case.pk: case for case in (*signed, *mentioned)}.values())[:MOST_OTHERS]
    why = "forged" if is_forged and signed else "other_sender" if signed else "mentions" if others else ""
    return Standing(None, others, why)


def _signed(letter: Letter, desk: Desk) -> list[Case]:
    """The cases of a signed reply address, then of our own mails that it answers."""
    keys = [key for one in letter.recipients if (key := case_named_by(one.address))]
    ours = OutboxMessage.objects.filter(channel="email", message_id__in=letter.answers[:50]).order_by("-pk")
    keys += [key for key in ours.values_list("case_key", flat=True) if "-" in key]
    cases = {str(case.pk): case for case in _of_desk(desk).filter(pk__in=set(keys))}
    return [cases[key] for key in dict.fromkeys(keys) if key in cases]


def _of_desk(desk: Desk):  # type: ignore[no-untyped-def]
    return Case.objects.filter(desk=desk).select_related("desk", "chain", "complainant", "department", "handler")


def _takes_part(sender: str, case: Case) -> bool:
    points = ContactPoint.objects.filter(complainant=case.complainant, kind="email", normal=sender)
    return case.complainant_id is not None and points.exists()


def _mentioned(letter: Letter, desk: Desk) -> list[Case]:
    text = f"{letter.subject}\n{letter.text[:LOOKED_AT]}"
    numbers = list(dict.fromkeys(NUMBER.findall(text)))[:MOST_NUMBERS]
    return list(_of_desk(desk).filter(number__in=numbers)) if numbers else []


def verdict_in(letter: Letter, mailbox: Mailbox) -> str:
    """What the company's own mail server found about the sender, for example `spf=pass dkim=pass dmarc=fail`.

    Only the topmost head counts, and only with the name of that server: senders write such heads as well.
    """
    said = letter.marks.get("authentication-results", "")
    server = said.split(";")[0].split()[0] if said.split(";")[0].strip() else ""
    if not mailbox.authority or server != mailbox.authority.lower():
        return ""
    found: dict[str, str] = {}
    for what, result in RESULT.findall(said.partition(";")[2]):
        found.setdefault(what, result)
    return " ".join(f"{what}={found[what]}" for what in ("spf", "dkim", "dmarc") if what in found)[:60]
