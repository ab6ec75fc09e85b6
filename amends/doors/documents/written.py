"""A document at one of its versions, in the reader's words."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.translation import gettext

from amends.apps.cases.facts import pack_of
from amends.apps.cases.proceeding_models import Proceeding
from amends.apps.cases.proceedings.standing import standing_texts
from amends.apps.ledger.models import Event
from amends.apps.people.models import Person
from amends.apps.reporting.documents import Version, versions_of
from amends.core.documents import DUE_ON, titled
from amends.core.periods import Period
from amends.core.policy.documents import Document
from amends.core.policy.pack import Pack
from amends.core.refusals import NotVisible
from amends.doors.documents.parts import Chapter, Shown
from amends.doors.documents.telling import Teller
from amends.doors.papers.formats import day_in_print
from amends.doors.wording import language, words

CHINESE = ("一", "二", "三", "四", "五", "六", "七", "八", "九", "十", "十一", "十二")


@dataclass(slots=True)
class Written:
    """A document at one of its versions, in the reader's words."""

    proceeding: Proceeding
    pack: Pack
    document: Document
    name: str
    version: Version
    versions: list[Version]
    title: str
    period: Period
    reporter: str
    released: tuple[str, date] | None
    due: date | None
    chapters: list[Chapter] = field(default_factory=list)

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.pack.head.zone)

    @property
    def drawn(self) -> datetime:
        return self.version.at.astimezone(self.zone)

    @property
    def is_latest(self) -> bool:
        return self.version.no == len(self.versions)

    @property
    def author_words(self) -> str:
        """What the document calls whoever answers for it."""
        return words(self.document.signature[0]) if self.document.signature else gettext("汇报人")

    @property
    def span(self) -> str:
        """The period in words."""
        return f"{day_in_print(self.period.first)} – {day_in_print(self.period.last)}"


def written(proceeding: Proceeding, *, no: int | None = None) -> Written:
    """The document that a proceeding carries, at a version, the latest one by default. Raises NotVisible where there is none."""
    pack = pack_of(proceeding)
    found, versions = pack.reports.of_kind(proceeding.kind), versions_of(proceeding)
    if found is None or not versions or not 1 <= (no or 1) <= len(versions):
        raise NotVisible
    name, document = found
    version, texts = versions[(no or len(versions)) - 1], standing_texts(proceeding.chain)
    values = json.loads(proceeding.facts)["values"]
    period = Period(date.fromisoformat(version.kept["from"]), date.fromisoformat(version.kept["to"]))
    made = Written(
        proceeding=proceeding, pack=pack, document=document, name=name, version=version, versions=versions,
        title=titled(words(document.title), period), period=period, reporter=_reporter(document, values, texts, pack),
        released=_released(proceeding), due=date.fromisoformat(values[DUE_ON]) if values.get(DUE_ON) else None,
    )  # fmt: skip
    if no is not None and no < len(versions):
        texts = {**texts, **version.kept["texts"]}
    made.chapters = list(_chapters(document, Teller(proceeding, pack, period, version.kept, texts)))
    return made


def _chapters(document: Document, teller: Teller) -> Iterator[Chapter]:
    marks = _Marks()
    for place, part in enumerate(document.parts):
        shown = [teller.shown(f"{part.id}.{n}", block) for n, block in enumerate(part.blocks, start=1)]
        blocks = tuple(replace(one, mark=marks.next_for(one)) for one in shown)
        yield Chapter(part.id, _mark(place), words(part.title), blocks, part.clause)


@dataclass(slots=True)
class _Marks:
    """Numbers the tables and the charts of a document, each on their own, as texts refer to them."""

    tables: int = 0
    charts: int = 0

    def next_for(self, block: Shown) -> str:
        if block.points:
            self.charts += 1
            return gettext("图 %(n)s") % {"n": self.charts}
        if not block.has_rows:
            return ""
        self.tables += 1
        return gettext("表 %(n)s") % {"n": self.tables}


def _mark(place: int) -> str:
    return f"{place + 1}. " if language() == "en" else f"{CHINESE[place]}、"


def _reporter(document: Document, values: Mapping[str, Any], texts: Mapping[str, str], pack: Pack) -> str:
    """The name under which the document stands; empty until somebody gave it."""
    name = document.reporter or ""
    source = pack.fields.get(name)
    if source is not None and source.type == "person":
        person = Person.objects.filter(pk=values[name]).first() if values.get(name) else None
        return person.name if person else ""
    return texts.get(name, "")


def _released(proceeding: Proceeding) -> tuple[str, date] | None:
    """Who released it last, and on which day of the desk; None while it is a draft."""
    if proceeding.is_open:
        return None
    event = Event.objects.filter(chain=proceeding.chain, kind="release").order_by("-seq").first()
    if event is None:
        return None
    number = event.actor.partition(":")[2]
    person = Person.objects.filter(pk=int(number)).first() if event.actor.startswith("person:") else None
    zone = ZoneInfo(pack_of(proceeding).head.zone)
    return (person.name if person else "", event.at.astimezone(zone).date())
