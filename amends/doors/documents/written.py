"""A document at one of its versions, in the reader's words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.translation import gettext

from amends.apps.cases.facts import pack_of
from amends.apps.cases.proceeding_models import Proceeding
from amends.apps.ledger.models import Event
from amends.apps.people.models import Person
from amends.apps.policies.queries import read_published
from amends.apps.reporting.documents.queries import late_among
from amends.apps.reporting.documents.versions import Version, standing_at, versions_of
from amends.core.documents import DUE_ON, title_of_period
from amends.core.periods import Period
from amends.core.policy.documents import RELEASE, Document
from amends.core.policy.pack import Pack
from amends.core.refusals import NotVisible
from amends.doors.documents.parts import Chapter, Shown
from amends.doors.documents.telling import Teller
from amends.doors.papers.formats import span_in_print
from amends.doors.wording import language, words

CHINESE = ("一", "二", "三", "四", "五", "六", "七", "八", "九", "十", "十一", "十二")


Done = tuple[str, date]
"""Who did something with it, and on which day of the desk."""


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
    done: Mapping[str, Done]
    due: date | None
    is_late: bool
    """Whether it came after its day, or still has not."""
    chapters: list[Chapter] = field(default_factory=list)

    @property
    def released(self) -> Done | None:
        """Who released it, and when; None while it is a draft."""
        return self.done.get(RELEASE)

    @property
    def signers(self) -> list[tuple[str, Done | None]]:
        """Who signs it, the author first, under their own name; None where nobody has yet."""
        found = [(words(one.title), self.done.get(one.verb or "")) for one in self.document.signatures()]
        if not found:
            found = [(self.author_words, self.released), (gettext("审阅人"), None)]
        author, done = found[0]
        return [(author, (self.reporter or done[0], done[1]) if done else None), *found[1:]]

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
        signers = self.document.signatures()
        return words(signers[0].title) if signers else gettext("汇报人")

    @property
    def span(self) -> str:
        """The period in words, and whether its figures were drawn before it was over."""
        return span_in_print(self.period) + (gettext("（取数时未结束）") if self.is_early else "")

    @property
    def is_early(self) -> bool:
        return self.drawn.date() <= self.period.last


def written(proceeding: Proceeding, *, no: int | None = None) -> Written:
    """The document that a proceeding carries, at a version, the latest one by default. Raises NotVisible where there is none.

    An older version shows what it showed until the next one was drawn: the figures, the words and the records of that time, under the
    policy by which it was drawn.
    """
    versions = versions_of(proceeding)
    if not versions or not 1 <= (no or 1) <= len(versions):
        raise NotVisible
    version = versions[(no or len(versions)) - 1]
    pack = _pack_drawn_by(proceeding, version)
    found = pack.reports.of_kind(proceeding.kind)
    if found is None:
        raise NotVisible
    name, document = found
    standing = standing_at(proceeding, version)
    due = standing.values.get(DUE_ON)
    period = Period(date.fromisoformat(version.kept["from"]), date.fromisoformat(version.kept["to"]))
    made = Written(
        proceeding=proceeding, pack=pack, document=document, name=name, version=version, versions=versions,
        title=words(title_of_period(document, period)), period=period,
        reporter=_reporter(document, standing.values, standing.texts, pack),
        done={verb: _done(event, pack) for verb, event in standing.done.items()}, due=date.fromisoformat(due) if due else None,
        is_late=bool(late_among([proceeding])),
    )  # fmt: skip
    made.chapters = list(_chapters(document, Teller(proceeding, pack, period, version, standing.texts)))
    return made


def _pack_drawn_by(proceeding: Proceeding, version: Version) -> Pack:
    pack, drawn_by = pack_of(proceeding), version.kept["version"]
    return pack if pack.version == drawn_by else read_published(pack.id, drawn_by)


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


def _done(event: Event, pack: Pack) -> Done:
    number = event.actor.partition(":")[2]
    person = Person.objects.filter(pk=int(number)).first() if event.actor.startswith("person:") else None
    return (person.name if person else "", event.at.astimezone(ZoneInfo(pack.head.zone)).date())
