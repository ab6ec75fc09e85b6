"""Taking over: cases that another system has finished come in as they were, many in one transaction.

Every case gets one event, decided by the same `decide()` as any other. The event names the source, the number there and
the times there; no stage is invented, nobody is told, and no clock is started.
"""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

from django.db import transaction

from amends.apps.cases.actions.register import normal_contact
from amends.apps.cases.changes import note_change
from amends.apps.cases.models import Case, OldRecord, SearchEntry
from amends.apps.cases.numbers import numbers_for
from amends.apps.cases.projection import project
from amends.apps.cases.search import findable, index_text
from amends.apps.ledger.actions import SALT_BYTES, Draft, append_many
from amends.apps.ledger.bulk import insert_rows
from amends.apps.ledger.models import Chain
from amends.apps.people.directory import OrganisationOfDesk
from amends.apps.people.models import Complainant, ContactPoint
from amends.apps.policies.models import Desk
from amends.apps.policies.queries import read_version, version_in_force
from amends.core.canonical import canonical_json, digest, utc_text
from amends.core.decide import decide
from amends.core.decision import Decision, Request, form_for
from amends.core.directory import Caller
from amends.core.facts import CaseFacts, Event, evolve
from amends.core.policy.forms import Form
from amends.core.policy.pack import Pack
from amends.core.refusals import FieldError, InvalidData, NotPermitted
from amends.core.roles import actor_on_case, has_right
from amends.core.verbs import TAKE_OVER, VERBS

MOST_AT_ONCE = 500
"""So many cases are stored in one transaction at most: other writers wait that long and no longer."""

_FIELDS = Case._meta.concrete_fields
CASE_COLUMNS = tuple(str(f.column) for f in _FIELDS)
CASE_ATTRIBUTES = tuple(f.attname for f in _FIELDS)
_BLANK_ROW = {f.attname: f.get_default() for f in _FIELDS}
_PLACE = {name: place for place, name in enumerate(CASE_ATTRIBUTES)}
CONTACT_FIELDS = (("phone", "complainant_phone"), ("email", "complainant_email"), ("address", "complainant_address"))


@dataclass(frozen=True, slots=True, kw_only=True)
class OldCase:
    """A case as the other system has it. `data` is read like a form; `state` is where it stands with us from now on.

    Times are aware. `whole_days` says that the source knew the days only.
    """

    number: str
    kind: str
    channel: str
    state: str
    opened_at: datetime
    closed_at: datetime | None
    whole_days: bool
    data: Mapping[str, Any]

    def as_text(self) -> str:
        """Everything the record says, as one text that is the same for the same record."""
        closed = utc_text(self.closed_at) if self.closed_at else None
        frame = [self.kind, self.channel, self.state, utc_text(self.opened_at), closed, self.whole_days]
        return canonical_json([*frame, dict(self.data)])


@dataclass(slots=True, kw_only=True)
class Judged:
    """An old case that may come in: all there is to store but what only the tables can give. Plain data."""

    number: str
    text: str
    key: uuid.UUID
    row: list[Any]
    payload: dict[str, Any]
    texts: dict[str, str]
    words: str


class Fate(StrEnum):
    """What became of an old case: it came in, it was there already, or something else is there under its number."""

    TAKEN_OVER = "taken_over"
    ALREADY_THERE = "already_there"
    DIFFERS = "differs"


class TakeOver:
    """One taking over: cases of one source onto one desk, by one caller. Organisation and policy are read once.

    The policy is the one in force now: no rule of it was applied to an old case, so the day of receipt decides nothing.
    """

    def __init__(self, *, desk: Desk, source: str, caller: Caller, now: datetime, local_zone: ZoneInfo) -> None:
        self.desk, self.source, self.caller, self.now, self.local_zone = desk, source, caller, now, local_zone
        self.version = version_in_force(desk, now)
        self.pack: Pack = read_version(self.version.pk)
        self._zone = ZoneInfo(self.pack.head.zone)
        self._directory = OrganisationOfDesk(desk, self.pack, now)
        self._actor = actor_on_case(self.pack, caller, CaseFacts(), self._directory)

    def check(self) -> None:
        """Raises NotPermitted unless the caller has the right to take cases over on the desk."""
        if not has_right(self.pack, self._actor, TAKE_OVER):
            raise NotPermitted(verb=VERBS[TAKE_OVER].button)

    def states(self) -> list[str]:
        """The states in which the policy lets an old case arrive."""
        return sorted({t.to for t in self.pack.lifecycle.with_verb(TAKE_OVER)})

    def form_of(self, kind: str) -> Form:
        """The form that an old case of that kind is read by: the one of the verb, else the one its kind is registered with."""
        return form_for(self.pack, self.pack.lifecycle.with_verb(TAKE_OVER)[0], self.pack.channels.kinds[kind].form)

    def judge(self, old: OldCase) -> Judged:
        """Decide about one old case and work out what to store, without storing anything.

        Raises InvalidData with every fault at its field, NotPermitted when the policy lets the caller take over nothing.
        """
        self._check_frame(old)
        request = Request(
            verb=TAKE_OVER, data=old.data, actor=self._actor, now=self.now, given=self._given(old),
            local_zone=self.local_zone, form=self.pack.channels.kinds[old.kind].form,
        )  # fmt: skip
        decision = decide(
            pack=self.pack, process=self.pack.lifecycle, facts=CaseFacts(), request=request, directory=self._directory
        )
        if decision.payload["to"] != old.state:
            raise InvalidData([_unknown("/state", "状态", old.state)])
        source = {"system": self.source, "number": old.number, "whole_days": old.whole_days}
        decision.payload["source"] = source
        key = uuid.uuid4()
        row = self._row(old, key, decision)
        found_by = findable(decision.texts.items(), row[_PLACE["hides_reporter"]])
        return Judged(
            number=old.number, text=old.as_text(), key=key, row=row, payload=decision.payload, texts=decision.texts,
            words=index_text([old.number, *found_by]),
        )  # fmt: skip

    def _check_frame(self, old: OldCase) -> None:
        errors = []
        if old.kind not in self.pack.channels.kinds:
            errors.append(_unknown("/kind", "个案类型", old.kind))
        if old.channel not in self.pack.channels.channels:
            errors.append(_unknown("/channel", "受理渠道", old.channel))
        if old.opened_at > self.now:
            errors.append(FieldError("/opened_at", "in_future", {"field": "收到时间"}))
        if old.closed_at is not None and old.closed_at > self.now:
            errors.append(FieldError("/closed_at", "in_future", {"field": "结案时间"}))
        if old.closed_at is not None and old.closed_at < old.opened_at:
            errors.append(FieldError("/closed_at", "closed_before_opened"))
        if errors:
            raise InvalidData(errors)

    def _given(self, old: OldCase) -> dict[str, Any]:
        kind, channel = self.pack.channels.kinds[old.kind], self.pack.channels.channels[old.channel]
        return {
            "kind": old.kind,
            "counts": kind.counts,
            "internal": kind.internal,
            "channel": old.channel,
            "channel_group": channel.group,
            "written": channel.written,
            "has_contact": any(old.data.get(name) for _, name in CONTACT_FIELDS),
            "received_at": utc_text(old.opened_at),
            "source_closed_at": utc_text(old.closed_at) if old.closed_at else None,
            "final_state": old.state,
        }

    def _row(self, old: OldCase, key: uuid.UUID, decision: Decision) -> list[Any]:
        """The case row in the order of its columns, derived like any other; number, chain and complainant are still open."""
        # Not a Case: making one takes longer than working out what stands in it.
        case: Any = SimpleNamespace(**_BLANK_ROW)
        case.id, case.desk_id, case.pack_id, case.registered_by_id = (
            key,
            self.desk.pk,
            self.version.pk,
            self.caller.person,
        )
        case.subject = decision.texts.get("subject", "")[:200]
        case.received_at, case.received_on = old.opened_at, old.opened_at.astimezone(self._zone).date()
        case.registered_at = case.changed_at = self.now
        event = Event(
            seq=1, verb=TAKE_OVER, at=self.now, recorded_at=self.now, actor=self.caller.id, payload=decision.payload
        )
        project(case, evolve(CaseFacts(), event), self.pack)
        return [getattr(case, name) for name in CASE_ATTRIBUTES]


def _unknown(pointer: str, field: str, value: str) -> FieldError:
    return FieldError(pointer, "unknown_choice", {"field": field, "value": value[:60]})


@transaction.atomic
def store_old_cases(judged: Sequence[Judged], *, context: TakeOver) -> list[Fate]:
    """Store old cases in one transaction and say what became of each, in order.

    A number of the source that is there already changes nothing, whether it says the same or not. Numbers are given out
    in the order of the cases.
    """
    if len(judged) > MOST_AT_ONCE:
        raise ValueError(f"at most {MOST_AT_ONCE} cases in one transaction")
    fates, new, records = _sorted_out(judged, context.source)
    if not new:
        return fates
    complainants = _complainants_of(new, now=context.now)
    numbers = numbers_for(context.pack.head.number, [one.row[_PLACE["received_on"]] for one in new])
    chains = _append(new, complainants, context)
    for one, chain, number, complainant in zip(new, chains, numbers, complainants, strict=True):
        one.row[_PLACE["chain_id"]] = chain.pk
        one.row[_PLACE["number"]] = number
        one.row[_PLACE["complainant_id"]] = complainant.pk if complainant else None
    insert_rows(Case._meta.db_table, CASE_COLUMNS, [one.row for one in new])
    insert_rows(
        SearchEntry._meta.db_table, ("case_id", "words"),
        [(one.key, f"{index_text([number])} {one.words}") for one, number in zip(new, numbers, strict=True)],
    )  # fmt: skip
    insert_rows(OldRecord._meta.db_table, ("source", "number", "case_id", "salt", "digest"), records)
    note_change([one.key for one in new])
    return fates


def take_over_cases(olds: Iterable[OldCase], *, context: TakeOver) -> list[Fate]:
    """Judge and store at most 500 old cases in one transaction. Raises the first refusal; then nothing is stored."""
    context.check()
    return store_old_cases([context.judge(old) for old in olds], context=context)


def fates_of(judged: Sequence[Judged], *, source: str) -> list[Fate]:
    """What would become of old cases if they were stored now."""
    return _sorted_out(judged, source)[0]


def _sorted_out(judged: Sequence[Judged], source: str) -> tuple[list[Fate], list[Judged], list[tuple[Any, ...]]]:
    """The fate of each, those that are new, and the records under which they are remembered."""
    rows = OldRecord.objects.filter(source=source, number__in=[one.number for one in judged])
    known = {number: (salt, kept) for number, salt, kept in rows.values_list("number", "salt", "digest")}
    fates, new, records = [], [], []
    for one in judged:
        if one.number not in known:
            salt = os.urandom(SALT_BYTES).hex()
            known[one.number] = (salt, digest(one.text, salt))
            new.append(one)
            records.append((source, one.number, one.key, *known[one.number]))
            fates.append(Fate.TAKEN_OVER)
            continue
        salt, kept = known[one.number]
        fates.append(Fate.ALREADY_THERE if digest(one.text, salt) == kept else Fate.DIFFERS)
    return fates, new, records


def _append(new: Sequence[Judged], complainants: Sequence[Complainant | None], context: TakeOver) -> list[Chain]:
    chains = [Chain(kind=Chain.Kind.CASE, key=f"case:{one.key}") for one in new]
    drafts = []
    for one, chain, complainant in zip(new, chains, complainants, strict=True):
        if complainant is not None:
            one.payload["complainant"] = complainant.pk
        drafts.append(
            Draft(
                chain=chain,
                kind=TAKE_OVER,
                at=context.now,
                recorded_at=context.now,
                actor=context.caller.id,
                payload=one.payload,
                details=one.texts,
            )  # fmt: skip
        )
    append_many(drafts)
    return chains


# Who complained

Key = tuple[str, str, str]


def _complainants_of(new: Sequence[Judged], *, now: datetime) -> list[Complainant | None]:
    """The complainant of each case: known under the same contact and name, or new; None where the source names nobody."""
    reached_by = [_contacts_of(one.texts) for one in new]
    known = _known_complainants(reached_by)
    found: list[Complainant | None] = []
    fresh: list[Complainant] = []
    points: list[tuple[Complainant, str, str, str]] = []
    for one, contacts in zip(new, reached_by, strict=True):
        name = one.texts.get("complainant_name", "")[:120]
        if not name and not contacts:
            found.append(None)
            continue
        keys = [(kind, normal, name) for kind, _, normal in contacts if kind != "address"]
        complainant = next((known[key] for key in keys if key in known), None)
        if complainant is None:
            kind = str(one.payload["set"].get("complainant_kind") or "customer")[:30]
            complainant = Complainant(name=name, kind=kind, created_at=now)
            fresh.append(complainant)
        known.update(dict.fromkeys(keys, complainant))
        points += [(complainant, kind, value, normal) for kind, value, normal in contacts]
        found.append(complainant)
    Complainant.objects.bulk_create(fresh)
    rows = [ContactPoint(complainant=who, kind=kind, value=value, normal=normal) for who, kind, value, normal in points]
    ContactPoint.objects.bulk_create(rows, ignore_conflicts=True)
    return found


def _contacts_of(texts: Mapping[str, str]) -> list[tuple[str, str, str]]:
    """(kind, as given, as compared) of every way to reach the complainant."""
    return [(kind, texts[name], normal_contact(kind, texts[name])) for kind, name in CONTACT_FIELDS if name in texts]


def _known_complainants(reached_by: Sequence[Sequence[tuple[str, str, str]]]) -> dict[Key, Complainant]:
    normals = sorted({normal for contacts in reached_by for kind, _, normal in contacts if kind != "address"})
    if not normals:
        return {}
    points = ContactPoint.objects.filter(
        kind__in=("phone", "email"), normal__in=normals, complainant__erased_at=None
    ).select_related("complainant")
    return {(p.kind, p.normal, p.complainant.name): p.complainant for p in points.order_by("-pk")}
