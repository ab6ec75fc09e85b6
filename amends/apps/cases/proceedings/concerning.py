"""What records of registers have to do with: cases that say the same, or records that name them, counted and listed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Case as Choice
from django.db.models import Count, IntegerField, Q, QuerySet, When

from amends.apps.cases.models import Case
from amends.apps.cases.proceeding_models import ConcernedValue, NamedCase, Proceeding, RegisterLine, RegisterValue
from amends.apps.messaging.actions import notify
from amends.apps.people.directory import holders_of
from amends.apps.policies.models import Desk
from amends.apps.policies.queries import NoPackInForce, pack_in_force
from amends.core.facts import CaseFacts
from amends.core.policy.lifecycle import RESTING
from amends.core.policy.pack import Pack
from amends.core.policy.registers import Concerns

MESSAGE = "record_proposes"


def keep_concerns(case: Case, facts: CaseFacts, before: CaseFacts, pack: Pack) -> None:
    """Keep what a case says in the facts by which records are found; nothing, and no query, while these did not change."""
    wanted = {kind.concerns.fact for kind in pack.proceedings.values() if kind.concerns and not kind.concerns.of}
    changed = [name for name in sorted(wanted) if facts.values.get(name) != before.values.get(name)]
    if not changed:
        return
    if any(name in before.values for name in changed):
        ConcernedValue.objects.filter(case=case, field__in=changed).delete()
    rows = [ConcernedValue(case=case, field=n, value=text) for n in changed for text in codes_of(facts.values.get(n))]
    ConcernedValue.objects.bulk_create(rows)


def codes_of(value: Any) -> list[str]:
    """The codes of a value as they are kept: one of each choice, `yes` and `no`, the number of a person, department or record."""
    if value is None or value == "":
        return []
    if isinstance(value, bool):
        return ["yes" if value else "no"]
    return [str(code)[:200] for code in (value if isinstance(value, list | tuple) else [value])]


def concern_of(number: str, values: Mapping[str, Any], rule: Concerns | None) -> str:
    """What a case has to say to concern a record; empty while the record does not say it."""
    if rule is None:
        return ""
    return next(iter(codes_of(values.get(rule.field))), "") if rule.field else number[:200]


def with_counts(found: QuerySet[RegisterLine], desk: Desk, rule: Concerns, now: datetime) -> QuerySet[RegisterLine]:
    """The lines with `concerned`: how many cases, or records, have to do with each. One query counts for all of them."""
    counted = _found(rule, desk, now).order_by().values_list("value").annotate(n=Count("pk"))
    said: dict[int, list[str]] = {}
    for value, amount in counted:
        said.setdefault(amount, []).append(value)
    ways = [When(concern__in=values, then=amount) for amount, values in said.items()]
    return found.annotate(concerned=Choice(*ways, default=0, output_field=IntegerField()))


def _found(rule: Concerns, desk: Desk, now: datetime) -> Any:
    since = now - timedelta(days=rule.days) if rule.days else None
    if rule.of:
        records = RegisterValue.objects.filter(field=rule.fact, line__desk=desk, line__kind=rule.of)
        return records.filter(line__proceeding__begun_at__gte=since) if since else records
    cases = ConcernedValue.objects.filter(field=rule.fact, case__desk=desk)
    return cases.filter(case__received_at__gte=since) if since else cases


def concerned_of(line: RegisterLine, rule: Concerns, now: datetime) -> Any:
    """What has to do with a record now: rows that name the case, or the line of a record."""
    return _found(rule, line.desk, now).filter(value=line.concern) if line.concern else ConcernedValue.objects.none()


def counted_at(proceeding: Proceeding, pack: Pack, *, verb: str, now: datetime) -> dict[str, int]:
    """The count that the kind keeps at this verb; nothing for other verbs."""
    rule = pack.proceedings[proceeding.kind].concerns
    line = RegisterLine.objects.filter(pk=proceeding.pk).select_related("desk").first() if rule else None
    if rule is None or line is None or verb not in rule.keeps:
        return {}
    return {"concerned": concerned_of(line, rule, now).count()}


def link_concerned(proceeding: Proceeding, pack: Pack, *, verb: str, now: datetime) -> None:
    """Link the cases that were counted at this verb to the record, as what it rests on."""
    rule = pack.proceedings[proceeding.kind].concerns
    if rule is None or rule.of or verb not in rule.keeps:
        return
    line = RegisterLine.objects.select_related("desk").filter(pk=proceeding.pk).first()
    if line is None:
        return
    cases = concerned_of(line, rule, now).values_list("case", flat=True)
    NamedCase.objects.bulk_create(
        [NamedCase(proceeding=proceeding, case_id=case) for case in cases], ignore_conflicts=True
    )


def is_proposed(rule: Concerns, count: int, values: Mapping[str, Any], pack: Pack) -> bool:
    """Whether what concerns a record is more than the policy allows, and more than was known when it was last answered."""
    kept = [
        values.get(f.id) for f in pack.fields.values() if f.computed is not None and f.computed.found == "concerned"
    ]
    answered = max((value for value in kept if isinstance(value, int)), default=0)
    return rule.more_than is not None and count > max(rule.more_than, answered)


def tell_proposals(*, now: datetime) -> int:
    """Tell those whom the policies name what their registers propose, once a day; returns how many notices were new."""
    told = 0
    for desk in Desk.objects.filter(closed_at=None):
        try:
            pack = pack_in_force(desk, now)
        except NoPackInForce:
            continue
        for name, kind in pack.proceedings.items():
            if kind.concerns is not None and kind.concerns.tell and kind.concerns.more_than is not None:
                told += _tell(desk, pack, name, kind.concerns, now)
    return told


def _tell(desk: Desk, pack: Pack, kind: str, rule: Concerns, now: datetime) -> int:
    if rule.say is None:
        return 0
    lines = RegisterLine.objects.filter(desk=desk, kind=kind).exclude(proceeding__state_category__in=RESTING)
    day = now.astimezone(ZoneInfo(pack.head.zone)).date()
    told = 0
    counted = with_counts(lines, desk, rule, now).filter(Q(concerned__gt=rule.more_than))
    for line in counted.select_related("proceeding"):
        if not is_proposed(rule, getattr(line, "concerned", 0), json.loads(line.proceeding.facts)["values"], pack):
            continue
        about = "{{proceeding_number}} {{proceeding_title}}"
        usual = {"zh-hans": f"{about}：{rule.say.zh_hans}", "en": f"{about}: {rule.say.in_language('en')}"}
        values = {"proceeding_number": line.proceeding.number, "proceeding_title": line.proceeding.subject}
        told += notify(
            holders_of(rule.tell, desk=desk, now=now), pack=pack, message=MESSAGE, values=values, case_key="", case_number="",
            now=now, unique_key=f"{MESSAGE}:{line.pk}:{day}", usual=usual, desk=desk, proceeding_key=str(line.pk),
        )  # fmt: skip
    return told
