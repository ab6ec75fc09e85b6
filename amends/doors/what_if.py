"""What a draft policy would have changed, in the reader's words: for the page and as a spreadsheet."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import IO, Any
from zoneinfo import ZoneInfo

from django.utils.translation import gettext

from amends.apps.studies.what_if import MOST_LISTED
from amends.core.policy.kpis import Indicator
from amends.core.policy.pack import Pack
from amends.doors.figures import amount_words
from amends.doors.papers.formats import day_in_print, moment_in_print
from amends.doors.papers.making import version_of
from amends.doors.printed_book import printed_book
from amends.doors.wording import button_of, words

KEPT = "\N{NO-BREAK SPACE}"
"""Keeps a day and its time, and an arrow and what it leads to, on one line."""


@dataclass(frozen=True, slots=True)
class Compared:
    """One figure before and after; `tone` says whether it grew better or worse where that is known."""

    title: str
    before: str
    after: str
    note: str = ""
    tone: str = ""

    @property
    def differs(self) -> bool:
        return self.before != self.after or bool(self.note)


@dataclass(frozen=True, slots=True)
class Told:
    """The result in words: sums by table, and what could not be replayed."""

    levels: Sequence[Compared]
    routes: Sequence[Compared]
    clocks: Sequence[Compared]
    indicators: Sequence[Compared]
    not_replayed: Sequence[str]
    left_out: str
    """How many of the cases that differ are not listed one by one; empty while all of them are."""

    @property
    def tables(self) -> list[tuple[str, list[Compared], list[Compared]]]:
        """Every table with its title: the lines that differ, and those that do not."""
        every = (
            (gettext("级别"), self.levels), (gettext("分派（工作量）"), self.routes), (gettext("时限（超时 / 全部）"), self.clocks),
            (gettext("指标"), self.indicators),
        )  # fmt: skip
        return [
            (title, [one for one in some if one.differs], [one for one in some if not one.differs])
            for title, some in every
            if some
        ]


class Words:
    """The codes of a result in the words of the draft, else of the present policy."""

    def __init__(self, draft: Pack, present: Pack) -> None:
        self.draft, self.present = draft, present
        packs = (present, draft)
        self._levels = {v.id: v.title for pack in packs for v in _levels(pack)}
        self._functions = {name: one.title for pack in packs for name, one in pack.routing.functions.items()}
        self._clocks = {rule.id: rule.title for pack in packs for rule in pack.clocks}
        self._states = {name: state.title for pack in packs for name, state in pack.lifecycle.states.items()}

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.present.head.zone)

    def level(self, name: str | None) -> str:
        return _of(self._levels, name)

    def function(self, name: str | None) -> str:
        return _of(self._functions, name)

    def clock(self, key: str) -> str:
        return _of(self._clocks, key.partition("/")[0])

    def told(self, result: Mapping[str, Any]) -> Told:
        """The sums of a result."""
        return Told(
            levels=[Compared(self.level(one["name"]), str(one["before"]), str(one["after"])) for one in result["levels"]],
            routes=[Compared(self.function(one["name"]), str(one["before"]), str(one["after"])) for one in result["routes"]],
            clocks=[self._of_clock(one) for one in result["clocks"]],
            indicators=[self._of_indicator(one) for one in result["indicators"]],
            not_replayed=list(self._unknown(result["not_replayed"])), left_out=_left_out(result["differing"]),
        )  # fmt: skip

    def _of_clock(self, one: Mapping[str, Any]) -> Compared:
        before, after = (f"{one[f'broken_{side}']} / {one[side]}" for side in ("before", "after"))
        moved = gettext("%(n)s 件到期时间不同") % {"n": one["moved"]} if one["moved"] else ""
        change = one["broken_after"] - one["broken_before"]
        return Compared(
            self.clock(one["clock"]), before, after, moved, "late" if change > 0 else "good" if change < 0 else ""
        )

    def _of_indicator(self, one: Mapping[str, Any]) -> Compared:
        name = one["indicator"]
        indicator = self.present.kpis.indicator(name) or self.draft.kpis.indicator(name)
        title = words(indicator.title) if indicator else name
        said = [_figure(one[side], indicator) for side in ("before", "after")]
        return Compared(title, *said)

    def _unknown(self, found: Mapping[str, Any]) -> Iterable[str]:
        for one in found["verbs"]:
            yield gettext("草案在那时的环节没有“%(verb)s”这一步：%(cases)s 件，共 %(events)s 次") % {
                "verb": button_of(one["verb"]), "cases": one["cases"], "events": one["events"],
            }  # fmt: skip
        for one in found["states"]:
            yield gettext("草案没有“%(state)s”这个环节：%(cases)s 件") % {
                "state": _of(self._states, one["state"]), "cases": one["cases"],
            }  # fmt: skip
        for name in found["indicators"]:
            indicator = self.present.kpis.indicator(name) or self.draft.kpis.indicator(name)
            title = words(indicator.title) if indicator else name
            yield gettext("指标“%(title)s”要看其他个案或业务量，没有试算") % {"title": title}

    def changes(self, data: Mapping[str, Any]) -> list[str]:
        """What differs for one case, a sentence each."""
        said = []
        for name, title, say in (("level", gettext("级别"), self.level), ("route", gettext("分派"), self.function)):
            before, after = data[name]
            if before != after:
                said.append(f"{title} {say(before) or gettext('未定')} → {say(after) or gettext('未定')}")
        for key, before, after in data["due"]:
            said.append(f"{self.clock(key)} {self._due(before)} →{KEPT}{self._due(after)}")
        before, after = data["broken"]
        if before != after:
            said.append(gettext("超时 %(before)s 次 → %(after)s 次") % {"before": before, "after": after})
        if data["unknown"]:
            said.append(gettext("有草案不认识的步骤，按发生的时间计"))
        return said

    def _due(self, moment: str | None) -> str:
        return (
            moment_in_print(datetime.fromisoformat(moment), self.zone).replace(" ", KEPT) if moment else gettext("无")
        )


def _levels(pack: Pack) -> Sequence[Any]:
    axis = pack.grading.axis(pack.grading.level or "")
    return axis.values if axis else ()


def _of(titles: Mapping[str, Any], name: str | None) -> str:
    if not name:
        return ""
    return words(titles[name]) if name in titles else name


def _figure(side: Mapping[str, Any] | None, indicator: Indicator | None) -> str:
    if side is None:
        return gettext("无此指标")
    value = gettext("不适用") if side["value"] is None else str(side["value"])
    if indicator is not None and side["value"] is not None:
        value = amount_words(indicator, Decimal(side["value"]))
    return f"{value}（{gettext('样本 %(n)s') % {'n': side['sample']}}）"


def _left_out(differing: int) -> str:
    if differing <= MOST_LISTED:
        return ""
    named = {"n": differing, "most": MOST_LISTED}
    return gettext("有变化的个案共 %(n)s 件，只逐件列出最早收到的 %(most)s 件；合计包括全部个案。") % named


def _counted(said: str) -> int | str:
    return int(said) if said.isdecimal() else said


def write_what_if(
    file: IO[bytes], said_of: Words, result: Mapping[str, Any], cases: Iterable[tuple[str, Sequence[str]]], *, since: date, by: str, at: datetime
) -> None:  # fmt: skip
    """The result as a spreadsheet to be signed: sums before and after, what was not replayed, and the cases that differ."""
    told, present = said_of.told(result), said_of.present
    tables = (
        (gettext("级别"), told.levels), (gettext("分派"), told.routes), (gettext("时限（超时 / 全部）"), told.clocks),
        (gettext("指标"), told.indicators),
    )  # fmt: skip
    counted = gettext("个案 %(n)s 件，有变化的 %(differing)s 件") % {
        "n": result["cases"],
        "differing": result["differing"],
    }
    house = words(present.head.company or present.head.title)
    versions = [
        f"{gettext('现行')}{gettext('：')}{version_of(present)}",
        f"{gettext('草案')}{gettext('：')}{version_of(said_of.draft)}",
    ]
    made = [
        gettext("收到日期从 %(day)s") % {"day": day_in_print(since)}, counted, *versions,
        gettext("试算：%(name)s　%(at)s") % {"name": by, "at": moment_in_print(at, said_of.zone)},
    ]  # fmt: skip
    signers = [gettext("试算"), gettext("审核"), gettext("批准")]
    with printed_book(file, house=house, title=gettext("制度草案试算"), about=made, signers=signers) as book:
        heads = [gettext("项目"), gettext("内容"), gettext("现行"), gettext("草案"), gettext("说明")]
        rows = [
            [title, one.title, _counted(one.before), _counted(one.after), one.note]
            for title, lines in tables
            for one in lines
        ]
        unknown = [gettext("不能重演的"), *told.not_replayed] if told.not_replayed else []
        book.table(gettext("试算"), heads, rows, notes=unknown)
        listed = [[number, gettext("；").join(said)] for number, said in cases]
        book.table(
            gettext("个案"), [gettext("编号"), gettext("变化")], listed, notes=list(filter(None, [told.left_out]))
        )
