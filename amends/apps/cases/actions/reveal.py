"""Revealing a masked value: one field of one case at a time, with a reason, and noted."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from amends.apps.cases.facts import pack_of
from amends.apps.cases.models import Case
from amends.apps.cases.timeline import reporter_is_hidden
from amends.apps.ledger.queries import details_of, events_of, text_of
from amends.apps.people.actions import log_access
from amends.apps.people.models import Person
from amends.core.form_data import checked_text
from amends.core.refusals import FieldError, InvalidData, NotPermitted


@transaction.atomic
def reveal_field(case: Case, field: str, *, reason: str, by: Person, roles: frozenset[str], now: datetime) -> str:
    """The latest value of a personal field in full; who asked and why is noted in the same transaction.

    Raises InvalidData for a field that is not personal, not for these roles, or was never entered, and NotPermitted on
    a case that hides its reporter from these roles. The right `reveal` is asked by the door.
    """
    pack = pack_of(case)
    if reporter_is_hidden(case, pack, roles):
        raise NotPermitted(verb="查看完整信息")
    definition = pack.fields.get(field)
    if definition is None or definition.personal is None:
        raise InvalidData([FieldError("/field", "unknown_choice", {"field": "字段", "value": field[:60]})])
    hidden = bool(definition.seen_by) and not set(definition.seen_by) & roles
    text = None if hidden else _latest_text(case, field)
    if text is None:
        raise InvalidData([FieldError("/field", "unknown_choice", {"field": "字段", "value": field[:60]})])
    reason = checked_text(reason, pointer="/reason", field="查看理由", limit=300)
    log_access(actor=by.actor_id, action="reveal", object=f"case:{case.pk}", field=field, reason=reason, now=now)
    return text


def _latest_text(case: Case, field: str) -> str | None:
    events = events_of(case.chain)
    details = details_of(events)
    texts = (text_of(event, field, details) for event in reversed(events))
    return next((text for text in texts if text is not None), None)
