"""Who spoke last between the house and the customer, and which clocks wait for a word to them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from amends.core.canonical import utc_text
from amends.core.policy.clock_rules import ClockRule
from amends.core.policy.lifecycle import Process
from amends.core.verbs import SPOKEN_BY_CUSTOMER

TELLING_VERBS = frozenset({"tell", "contact", "write", "answer", "promise", "decline"})
"""Verbs by which the house gives the customer its word."""

CONTACTING_VERBS = TELLING_VERBS - {"promise"} | {"follow_up"}
"""Verbs by which a person of the house speaks with the customer about the matter; to promise a time is not yet to reply."""

TOLD_AT = "customer_told_at"
"""The fact that holds when the customer last heard from the house, automatic messages included."""

CONTACTED_AT = "customer_contacted_at"
"""The fact that holds when a person of the house last spoke with the customer; an attempt that reached nobody is none."""

SPOKE_AT = "customer_spoke_at"
"""The fact that holds when the customer last spoke, also where staff took it down."""

STATUS_ENQUIRIES = "status_enquiries"
"""The list of a case that counts how often the customer had to ask how it stands: nobody told them first."""

QUESTIONS = "customer_questions"
"""The list of a case that holds what the customer asked, until each is answered."""


def words_exchanged(
    verb: str, entered: Mapping[str, Any], *, received_at: Any, leaves_message: bool, answers: bool, now: datetime
) -> dict[str, str]:
    """Which of the three moments a verb sets, from the codes of its form.

    `leaves_message` says that a message goes to an address on file, `answers` that a question of the customer is answered
    with it: a call that the customer made counts as a word of the house only then. Times of contact are taken as entered.
    """
    present = utc_text(now)
    moment = str(entered.get("contact_time") or entered.get("told_at") or present)
    incoming = entered.get("contact_direction") == "incoming"
    found = {}
    if verb in SPOKEN_BY_CUSTOMER or incoming:
        found[SPOKE_AT] = str(received_at or present) if verb == "register" else moment
    reached = entered.get("reached") is not False and (answers or not incoming)
    if verb in CONTACTING_VERBS and reached:
        found[CONTACTED_AT] = moment
    if verb in TELLING_VERBS | CONTACTING_VERBS and reached:
        found[TOLD_AT] = moment
    elif leaves_message:
        found[TOLD_AT] = present
    return found


def waits_for_a_word(rule: ClockRule, process: Process) -> bool:
    """Whether a word to the customer stops the clock: what is due on it is due to them."""
    told = {t.to for t in process.with_verb("tell")}
    stops = any(trigger.verb in TELLING_VERBS or trigger.state in told for trigger in rule.stop)
    return stops or any(trigger.field_set in (TOLD_AT, CONTACTED_AT) for trigger in (*rule.start, *rule.stop))


def customer_spoke_last(told_at: datetime | None, spoke_at: datetime | None) -> bool:
    """Whether the last word between the two is the customer's; what is answered at the same moment is answered."""
    return spoke_at is not None and (told_at is None or spoke_at > told_at)
