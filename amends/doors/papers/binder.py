"""What binds the papers of a case into a file: the cover with its contents and check list, the history, the messages."""

from __future__ import annotations

from collections.abc import Iterable
from zoneinfo import ZoneInfo

from django.utils.translation import gettext

from amends.apps.cases.evidence import evidence_for
from amends.apps.cases.timeline import Entry, reporter_is_hidden
from amends.apps.messaging.models import OutboxMessage
from amends.core.archive import check_list, kept_until
from amends.core.masking import HIDDEN, masked_contact
from amends.core.policy.pack import Pack
from amends.doors.papers.casefile import CaseFile
from amends.doors.papers.contents import value_in_print
from amends.doors.papers.formats import day_in_print, day_to_fill_in, in_even_lines, moment_in_print
from amends.doors.papers.making import house_of, sheet_about
from amends.doors.papers.sheet import COLUMNS, Cell, Line, Sheet, Signer, full_width
from amends.doors.wording import happened, words

COVER = "archive-cover"
"""The name of the cover among the papers of a case; no form of a pack can have a hyphen."""
LONGEST_CELL = 160


def title_of_cover(pack: Pack) -> str:
    """What the company calls a file of this kind."""
    cover = pack.head.archive.cover if pack.head.archive else None
    return words(cover) if cover else gettext("投诉处理档案")


def cover_sheet(file: CaseFile) -> Sheet:
    """归档封面 and 卷内目录: what the file is, what lies in it in order, and whether it is complete."""
    return sheet_about(
        file, title_of_cover(file.pack), [*_about(file), *_contents(file), *_check_list(file), _bound_by(file)]
    )


def timeline_sheet(file: CaseFile) -> Sheet:
    """Everything that happened, oldest first, as the viewer may read it."""
    heads = _heads([(4, gettext("时间")), (4, gettext("事项")), (3, gettext("办理人")), (13, gettext("内容"))])
    lines = [_happening(entry, file.zone) for entry in file.entries]
    return sheet_about(file, gettext("办理过程"), [heads, *lines])


def messages_sheet(file: CaseFile) -> Sheet | None:
    """What was sent to the complainant; None when nothing was."""
    sent = list(OutboxMessage.objects.filter(case_key=str(file.case.pk)).order_by("created_at", "pk"))
    if not sent:
        return None
    heads = _heads([(5, gettext("时间")), (3, gettext("渠道")), (5, gettext("收件地址")), (11, gettext("内容"))])
    is_hidden = reporter_is_hidden(file.case, file.pack, file.actor.roles)
    lines = [_message(message, file, is_hidden=is_hidden) for message in sent]
    return sheet_about(file, gettext("往来消息"), [heads, *lines])


def _pairs(*pairs: tuple[str, str]) -> Line:
    span = COLUMNS // len(pairs) - 4
    cells = []
    for title, text in pairs:
        cells += [Cell("label", 4, in_even_lines(title, 4)), Cell("value", span, text)]
    return Line(tuple(cells))


def _about(file: CaseFile) -> list[Line]:
    case, pack, zone = file.case, file.pack, file.zone
    years = pack.head.archive.keep_years if pack.head.archive else None
    until = kept_until(pack, case.archived_on) if case.archived_on else None
    if years is None:
        kept = gettext("长期")
    elif until is None:
        kept = gettext("%(years)s 年，自归档之日起") % {"years": years}
    else:
        kept = gettext("%(years)s 年，至 %(day)s") % {"years": years, "day": day_in_print(until)}
    axis = pack.grading.axis(pack.grading.level or "")
    level = words(axis.title_of(case.level)) if axis and case.level else ""
    node = pack.categories.schemes[0].node(case.category) if case.category else None
    state = pack.lifecycle.states.get(case.state)
    return [
        full_width("heading", gettext("一、案卷封面")),
        _pairs((gettext("案卷题名"), case.subject)),
        _pairs((gettext("案卷编号"), case.number), (gettext("当前状态"), words(state.title) if state else "")),
        _pairs((gettext("立卷单位"), house_of(pack, case.desk)), (gettext("承办部门"), _department(file))),
        _pairs((gettext("类别"), words(node.title) if node else ""), (words(axis.title) if axis else gettext("级别"), level)),
        _pairs(
            (gettext("收到日期"), day_in_print(case.received_at.astimezone(zone).date())),
            (gettext("办结日期"), day_in_print(case.closed_at.astimezone(zone).date()) if case.closed_at else ""),
        ),
        _pairs(
            (gettext("归档日期"), day_in_print(case.archived_on) if case.archived_on else gettext("尚未归档")),
            (gettext("保管期限"), kept),
        ),
    ]  # fmt: skip


def _department(file: CaseFile) -> str:
    return words(file.case.department.called) if file.case.department else ""


def _contents(file: CaseFile) -> list[Line]:
    """Every form record and every piece of evidence, numbered, in the order of their time."""
    heads = _heads(
        [
            (2, gettext("序号")),
            (10, gettext("题名")),
            (4, gettext("责任者")),
            (5, gettext("日期")),
            (3, gettext("备注")),
        ]
    )
    found = [full_width("heading", gettext("二、卷内目录")), heads]
    papers = [(words(entry.form), entry.actor_name, entry.at, "") for entry in file.entries if entry.form is not None]
    evidence = [
        (one.name, words(_kind(file.pack, one.kind)), one.uploaded_at, gettext("证据"))
        for one in evidence_for(file.case, file.pack, file.actor)
    ]
    for place, (title, by, at, note) in enumerate([*papers, *evidence], start=1):
        day = day_in_print(at.astimezone(file.zone).date())
        cells = (Cell("column", 2, str(place)), Cell("value", 10, title), Cell("value", 4, by), Cell("value", 5, day))
        found.append(Line((*cells, Cell("value", 3, note))))
    return found


def _kind(pack: Pack, kind: str) -> object:
    return pack.head.evidence.kinds.get(kind) if pack.head.evidence else None


def _check_list(file: CaseFile) -> list[Line]:
    items = check_list(file.pack, file.facts)
    if not items:
        return []
    heads = _heads([(2, gettext("序号")), (14, gettext("应归档资料")), (8, gettext("核对"))])
    found = [full_width("heading", gettext("三、归档检查")), heads]
    for place, item in enumerate(items, start=1):
        missing = gettext("缺少") if item.is_needed else gettext("没有（不要求）")
        choices = ((item.is_there, gettext("已归入")), (not item.is_there, missing))
        cells = (Cell("column", 2, str(place)), Cell("value", 14, words(item.title)), Cell("boxes", 8, choices=choices))
        found.append(Line(cells))
    return found


def _bound_by(file: CaseFile) -> Line:
    """Who bound the file, by the event that archived it, and room for whoever checks it."""
    filed = next((e for e in reversed(file.entries) if file.case.archived_at and e.at == file.case.archived_at), None)
    name = filed.actor_name if filed else ""
    day = day_in_print(filed.at.astimezone(file.zone).date()) if filed and name else day_to_fill_in()
    signers = (Signer(gettext("立卷人"), name, day), Signer(gettext("检查人"), "", day_to_fill_in()))
    return Line((Cell("signatures", COLUMNS, signers=signers),))


def _heads(columns: Iterable[tuple[int, str]]) -> Line:
    return Line(tuple(Cell("column", span, head) for span, head in columns), is_head=True, is_repeated=True)


def _happening(entry: Entry, zone: ZoneInfo) -> Line:
    told = [f"{words(value.title)}{gettext('：')}{_said(value.kind, value, zone)}" for value in entry.values]
    moved = f"{words(entry.from_state)} → {words(entry.to_state)}" if entry.to_state and entry.from_state else ""
    text = "\n".join(filter(None, [moved if entry.from_state != entry.to_state else "", *told]))
    cells = (
        Cell("value", 4, moment_in_print(entry.at, zone).replace(" ", "\n")),
        Cell("value", 4, happened(entry.verb)),
        Cell("value", 3, "\n".join(filter(None, [entry.actor_name, words(entry.role)]))),
        Cell("value", 13, text, is_long=len(text) > LONGEST_CELL),
    )
    return Line(cells)


def _said(kind: str, value: object, zone: ZoneInfo) -> str:
    if kind != "rows":
        return value_in_print(value, zone)  # type: ignore[arg-type]
    rows = value.value  # type: ignore[attr-defined]
    lines = ["　".join(value_in_print(one, zone) for one in row) for row in rows]
    return "".join(f"\n{n}. {line}" for n, line in enumerate(lines, start=1))


def _message(message: OutboxMessage, file: CaseFile, *, is_hidden: bool) -> Line:
    address = HIDDEN if is_hidden else message.address if file.in_full else masked_contact(message.address)
    text = "\n".join(filter(None, [message.subject, message.body]))
    channels = {"email": gettext("邮件"), "sms": gettext("短信")}
    cells = (
        Cell("value", 5, moment_in_print(message.sent_at or message.created_at, file.zone)),
        Cell("value", 3, channels.get(message.channel, message.channel)),
        Cell("value", 5, address),
        Cell("value", 11, text, is_long=len(text) > LONGEST_CELL),
    )
    return Line(cells)
