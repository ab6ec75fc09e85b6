"""What a partner reads of the proceedings of its link: the fields that the policy names, its own rows, its own words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from amends.apps.cases.facts import pack_of
from amends.apps.cases.models import EvidenceFile
from amends.apps.cases.proceeding_models import PartnerKey, Proceeding
from amends.apps.cases.proceedings.partners import proceedings_for
from amends.apps.cases.timeline import Entry, ShownValue, entries_of
from amends.apps.ledger.models import Event
from amends.apps.ledger.queries import events_of
from amends.core.policy.pack import Pack
from amends.core.policy.proceedings import ProceedingKind
from amends.doors.wording import words
from amends.web.portal.offers import Offered, offered
from amends.web.portal.progress import by_when, in_full
from amends.web.portal.sides import Side, side_of_partner
from amends.web.viewing import zone_of


@dataclass(frozen=True, slots=True)
class Document:
    """One letter, answer, decision or ruling as the partner reads it."""

    title: str
    order: tuple[datetime, bool, int]
    when: str
    is_yours: bool
    values: tuple[ShownValue, ...]
    files: tuple[EvidenceFile, ...]


@dataclass(frozen=True, slots=True)
class Matter:
    """One proceeding of the link: what is asked of the partner there, or merely open to it, by when, and its documents."""

    proceeding: Proceeding
    called: str
    lead: str
    is_asked: bool
    due: str
    is_late: bool
    offers: list[Offered]
    documents: tuple[Document, ...]


def matters_for(key: PartnerKey, *, now: datetime) -> list[Matter]:
    """The proceedings of the link, those that ask something of the partner first."""
    found = [_matter(side_of_partner(key, one, now=now), one, key, now) for one in proceedings_for(key)]
    return sorted(found, key=lambda m: (not m.offers, m.proceeding.parent_id is None))


def _matter(side: Side, proceeding: Proceeding, key: PartnerKey, now: datetime) -> Matter:
    kind = side.pack.proceedings[proceeding.kind]
    zone = zone_of(side.pack)
    waits = [
        c for c in proceeding.clocks.all() if c.rule in _clocks_of(side, kind) and c.stopped_at is None and c.due_at
    ]
    due = min((c.due_at for c in waits if c.due_at), default=None)
    return Matter(
        proceeding=proceeding,
        called=side.called,
        lead=words(kind.for_partners.lead) if kind.for_partners else "",
        is_asked=kind.states[proceeding.state].waits_for in {"partner", *side.roles},
        due=by_when(due, zone, now=now) if due else "",
        is_late=due is not None and due <= now,
        offers=offered(side.actions),
        documents=tuple(_documents(side, proceeding, kind, key)),
    )


def _clocks_of(side: Side, kind: ProceedingKind) -> set[str]:
    """The clocks that are shown to partners, and those that their steps are bound to."""
    shown = {rule.id for rule in kind.clocks if set(rule.shown_to) & side.roles}
    return shown | {t.until for t in kind.transitions if t.until and set(t.by) & side.roles}


def _documents(side: Side, proceeding: Proceeding, kind: ProceedingKind, key: PartnerKey) -> Iterator[Document]:
    events = events_of(proceeding.chain)
    entries = entries_of(proceeding, events, side.pack, roles=side.roles)
    files = {str(file.pk): file for file in proceeding.evidence.all()}
    readable = set(kind.for_partners.reads) if kind.for_partners else set()
    zone = zone_of(side.pack)
    for event, entry in zip(events, entries, strict=True):
        is_yours = event.actor == side.caller.id
        if not is_yours and _is_of_another_party(side, kind, event.kind):
            continue
        values = tuple(_readable(event, entry, readable, side.pack, key))
        if is_yours:
            values = tuple(_as_asked(value, side.pack) for value in values)
        attached = tuple(files[f] for f in _files_named(event, readable, side.pack) if f in files)
        if values or attached:
            title = words(entry.form) if entry.form else ""
            order = (entry.at, proceeding.parent_id is None, event.seq)
            yield Document(title, order, in_full(entry.at, zone), is_yours, values, attached)


def _is_of_another_party(side: Side, kind: ProceedingKind, verb: str) -> bool:
    """Whether the words are those of another party: only talks with one partner hold nobody else's."""
    own = side.facts.values.get("partner") is not None
    return not own and any(set(t.by) & side.roles for t in kind.with_verb(verb))


def _readable(event: Event, entry: Entry, readable: set[str], pack: Pack, key: PartnerKey) -> Iterator[ShownValue]:
    for value in entry.values:
        if value.id not in readable or value.kind == "files":
            continue
        naming = [inner.id for inner in pack.fields[value.id].fields if inner.type == "partner"]
        if value.kind == "rows" and naming:
            yield from _own_rows(event, value, naming, key.partner_id)
        else:
            yield value


def _as_asked(value: ShownValue, pack: Pack) -> ShownValue:
    """What the partner filled in, under the words in which it was asked."""
    asked = pack.fields[value.id].asked_as
    return value._replace(title=asked.title) if asked and asked.title else value


def _own_rows(event: Event, value: ShownValue, naming: list[str], partner: int) -> Iterator[ShownValue]:
    """Of rows that name partners, what stands in those of this one."""
    raw = event.data.get("rows", {}).get(value.id, [])
    for row, shown in zip(raw, value.value, strict=True):
        if partner in [row.get(name) for name in naming]:
            yield from (one for one in shown if one.id not in naming)


def _files_named(event: Event, readable: set[str], pack: Pack) -> Iterator[str]:
    given = {**event.data.get("set", {}), **event.data.get("add", {}).get("item", {})}
    for name in readable:
        if name in pack.fields and pack.fields[name].type == "files":
            yield from given.get(name) or ()


def files_for(matters: Iterable[Matter]) -> dict[str, EvidenceFile]:
    """The files that the partner may download, by id."""
    return {str(f.pk): f for m in matters for d in m.documents for f in d.files}


def of_case(key: PartnerKey, matters: Sequence[Matter]) -> list[ShownValue]:
    """The facts of the case that the policy lets the partner read, as they stand; nothing of the complainant."""
    case = key.proceeding.case
    if case is None:
        return []
    pack = pack_of(case)
    kinds = [pack.proceedings[m.proceeding.kind].for_partners for m in matters]
    wanted = list(dict.fromkeys(name for rules in kinds if rules for name in rules.reads_of_case))
    latest: dict[str, ShownValue] = {}
    for entry in entries_of(case, events_of(case.chain), pack, roles=frozenset()):
        latest.update({value.id: value for value in entry.values if value.id in wanted})
    return [latest[name] for name in wanted if name in latest]
