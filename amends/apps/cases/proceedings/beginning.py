"""How a proceeding comes into being: by somebody's verb, or because a step of something else starts it."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.db import transaction

from amends.apps.cases.actions.perform import Followed, Wish, acting, follow, moved_on
from amends.apps.cases.extending import check_application
from amends.apps.cases.models import FAR_FUTURE, Case
from amends.apps.cases.numbers import next_number, pattern_on
from amends.apps.cases.proceeding_models import Proceeding
from amends.apps.cases.proceedings.adding import Step, add_what_is_drawn
from amends.apps.cases.proceedings.chosen_records import check_records
from amends.apps.cases.proceedings.drawing import drawn_at
from amends.apps.cases.proceedings.expecting import found_out, refuse_twice
from amends.apps.cases.proceedings.facts import facts_behind
from amends.apps.cases.proceedings.gathering import gathered
from amends.apps.ledger.actions import append
from amends.apps.ledger.models import Chain
from amends.apps.people.directory import OrganisationOfDesk
from amends.apps.policies.models import Desk, PackVersion
from amends.apps.policies.queries import read_version, version_in_force
from amends.core.decide import decide
from amends.core.decision import Decision, Request
from amends.core.directory import Caller
from amends.core.facts import CaseFacts
from amends.core.policy.pack import Pack
from amends.core.policy.proceedings import ProceedingKind
from amends.core.refusals import FieldError, InvalidData, NotVisible


@dataclass(frozen=True, slots=True, kw_only=True)
class Beginning:
    """A proceeding that somebody wants to begin: what doors hand over. `version` is the case as they saw it.

    `by_rule` says that a step of something else starts it: then the pack's system roles answer for it, in the name of who
    took that step.
    """

    kind: str
    desk: Desk
    data: Mapping[str, Any]
    caller: Caller
    now: datetime
    case: Case | None = None
    parent: Proceeding | None = None
    version: int | None = None
    at: datetime | None = None
    local_zone: ZoneInfo | None = None
    uploads_of: str = ""
    by_rule: bool = False


@transaction.atomic
def begin_proceeding(beginning: Beginning) -> Proceeding:
    """Begin a proceeding: a number, its first event, its clocks, and a note on the case.

    Raises NotVisible for a kind that the pack does not have, Stale when the case moved on, InvalidData when the same
    already stands or the form is wrong, and every other refusal of `amends.core.decide.decide`.
    """
    return begin_within(beginning)


def begin_within(beginning: Beginning) -> Proceeding:
    """`begin_proceeding` inside a transaction that is already open."""
    version = _version_for(beginning)
    pack = read_version(version.pk)
    kind = pack.proceedings.get(beginning.kind)
    if kind is None:
        raise NotVisible
    _check_place(kind, beginning)
    decision, facts = _decided(pack, kind, beginning)
    _refuse_a_second(kind, beginning, decision)
    add_what_is_drawn(
        decision,
        Step(
            desk=beginning.desk, pack=pack, kind=beginning.kind, values=decision.payload["set"], texts=decision.texts,
            now=beginning.now,
        ),
    )  # fmt: skip
    return _store(version, pack, kind, beginning, decision, facts)


def _version_for(beginning: Beginning) -> PackVersion:
    if beginning.case is None:
        return version_in_force(beginning.desk, beginning.now)
    fresh = Case.objects.select_related("pack").get(pk=beginning.case.pk)
    if beginning.version is not None and beginning.version != fresh.version:
        raise moved_on(fresh, beginning.version, beginning.caller)
    return fresh.pack


def _check_place(kind: ProceedingKind, beginning: Beginning) -> None:
    if kind.under and not _lies_under(kind, beginning.parent):
        raise InvalidData([FieldError("/under", "not_under", {"kind": kind.title})])
    if kind.about == "case" and beginning.case is None:
        raise InvalidData([FieldError("/case", "not_on_case", {"kind": kind.title})])
    if kind.about == "desk" and beginning.case is not None:
        raise NotVisible


def _lies_under(kind: ProceedingKind, parent: Proceeding | None) -> bool:
    return parent is not None and parent.kind in kind.under and parent.is_open


def beginning_verb(kind: ProceedingKind) -> str:
    """The one verb that begins a proceeding of the kind."""
    return kind.from_state(None)[0].verb


def _decided(pack: Pack, kind: ProceedingKind, beginning: Beginning) -> tuple[Decision, CaseFacts]:
    behind = facts_behind(case=_fresh(beginning.case), parent=beginning.parent)
    facts = CaseFacts(behind=behind)
    directory = OrganisationOfDesk(beginning.desk, pack, beginning.now)
    verb = beginning_verb(kind)
    taken = {name: behind.value(name) for name in kind.takes if behind.value(name) is not None}
    taken |= drawn_at(pack, beginning.kind, verb=verb, desk=beginning.desk.pk, now=beginning.now)
    taken |= gathered(pack, beginning.kind, verb=verb, desk=beginning.desk.pk, before=beginning.now)
    if kind.expected_from is not None:
        taken |= found_out(
            kind.expected_from, beginning.data, person=beginning.caller.person, now=beginning.now,
            zone=ZoneInfo(pack.head.zone),
        )  # fmt: skip
    request = Request(
        verb=verb, data=beginning.data, now=beginning.now, given=taken, local_zone=beginning.local_zone,
        actor=acting(pack, beginning.caller, facts, directory, by_rule=beginning.by_rule),
    )  # fmt: skip
    decision = decide(pack=pack, process=kind, facts=facts, request=request, directory=directory)
    check_records(decision.payload, pack, beginning.desk)
    check_application(beginning.case, decision, pack=pack, now=beginning.now)
    return decision, facts


def _fresh(case: Case | None) -> Case | None:
    return Case.objects.get(pk=case.pk) if case is not None else None


def _refuse_a_second(kind: ProceedingKind, beginning: Beginning, decision: Decision) -> None:
    """Not twice the same on one case; what was refused or withdrawn does not count.

    Two at the same moment both append to the case's chain, so only one of them is stored.
    """
    refuse_twice(beginning.kind, kind, beginning.desk, decision.payload["set"])
    if kind.once_per is None or beginning.case is None:
        return
    wanted = {name: decision.payload["set"].get(name) for name in kind.once_per}
    others = Proceeding.objects.filter(case=beginning.case, kind=beginning.kind).exclude(state__in=kind.void)
    for other in others:
        values = json.loads(other.facts)["values"]
        if all(values.get(name) == value for name, value in wanted.items()):
            raise InvalidData([FieldError("/kind", "stands_already", {"kind": kind.title, "number": other.number})])


def _store(
    version: PackVersion, pack: Pack, kind: ProceedingKind, beginning: Beginning, decision: Decision, facts: CaseFacts
) -> Proceeding:
    key = uuid.uuid4()
    chain = Chain(kind=Chain.Kind.PROCEEDING, key=f"proceeding:{key}")
    at = beginning.at or beginning.now
    decision.payload["case"] = str(beginning.case.pk) if beginning.case else None
    decision.payload["parent"] = str(beginning.parent.pk) if beginning.parent else None
    event = append(
        chain=chain, kind=decision.verb, at=at, recorded_at=beginning.now, actor=beginning.caller.id,
        payload=decision.payload, details=decision.texts,
    )  # fmt: skip
    proceeding = Proceeding(
        id=key, chain=chain, desk=beginning.desk, pack=version, case=beginning.case, parent=beginning.parent,
        kind=beginning.kind,
        number=next_number(pattern_on(beginning.desk, kind.number), day=at.astimezone(ZoneInfo(pack.head.zone)).date()),
        begun_by_id=beginning.caller.person, begun_at=at, changed_at=beginning.now, due_sort=FAR_FUTURE, sweep_at=FAR_FUTURE,
    )  # fmt: skip
    wish = Wish(
        verb=decision.verb, data=beginning.data, caller=beginning.caller, now=beginning.now, at=beginning.at,
        local_zone=beginning.local_zone, uploads_of=beginning.uploads_of, by_rule=beginning.by_rule,
    )  # fmt: skip
    followed: Proceeding = follow(
        Followed(row=proceeding, pack=pack, before=replace(facts), event=event, decision=decision, wish=wish)
    )
    return followed
