"""A copy of what is held about one person: data for machines, a page to read, and every file as it was handed in."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import IO, Any

from django.core.files.storage import default_storage
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext

from amends.apps.cases.clocks import Timed, process_of
from amends.apps.cases.facts import pack_of
from amends.apps.cases.timeline import Entry, ShownValue, entries_of
from amends.apps.ledger.models import Detail
from amends.apps.ledger.queries import events_of
from amends.apps.mail.models import IncomingMail
from amends.apps.messaging.models import InboundText, OutboxMessage
from amends.apps.surveys.models import Score, SurveyInvitation
from amends.apps.upkeep.subjects import Subject
from amends.core.policy.pack import Pack
from amends.doors.wording import happened, words

DATA, PAGE, FILES = "data.json", "copy.html", "files"
UNSAFE = '/\\:*?"<>|\0'


def write_copy(subject: Subject, target: IO[bytes], *, now: datetime) -> None:
    """Write the ZIP: nothing in it is masked, for it is the person's own."""
    data = all_about(subject, now=now)
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as bound:
        data["files"] = list(_files(subject, bound))
        bound.writestr(DATA, json.dumps(data, ensure_ascii=False, indent=2))
        bound.writestr(PAGE, page_of(data))


def all_about(subject: Subject, *, now: datetime) -> dict[str, Any]:
    """Everything that is held about somebody, but the files, as data."""
    person = subject.complainant
    return {
        "made_at": now.isoformat(),
        "person": {"number": person.pk, "name": person.name, "kind": person.kind, "since": person.created_at.isoformat()},
        "contacts": [{"kind": kind, "value": value} for kind, value in dict.fromkeys((p.kind, p.value) for p in subject.points)],
        "cases": [
            {
                "number": case.number, "desk": words(case.desk.called), "kind": _kind(case.kind, pack_of(case)),
                "received_at": case.received_at.isoformat(), "subject": case.subject, "events": list(_events(case)),
            }
            for case in subject.cases
        ],
        "proceedings": [
            {
                "number": one.number, "case": one.case.number if one.case else "", "subject": one.subject,
                "kind": words(process_of(one, pack_of(one)).title or one.kind), "events": list(_events(one)),
            }
            for one in subject.proceedings
        ],
        "sent": [_sent(row) for row in subject.sent.order_by("created_at", "pk")],
        "texts_received": [_text(row) for row in subject.texts.order_by("received_at", "pk")],
        "mails_received": [_letter(row) for row in subject.letters.order_by("arrived_at", "pk")],
        "answers": list(_answers(subject)),
    }  # fmt: skip


def _kind(kind: str, pack: Pack) -> str:
    found = pack.channels.kinds.get(kind)
    return words(found.title) if found else kind


def _events(row: Timed) -> Iterator[dict[str, Any]]:
    """Every event of a case or proceeding with all that was entered, and the texts beside it as they are stored."""
    pack, events = pack_of(row), events_of(row.chain)
    texts: dict[int, dict[str, str]] = {}
    for detail in Detail.objects.filter(chain=row.chain, erased_at=None).order_by("seq", "field"):
        texts.setdefault(detail.seq, {})[detail.field] = detail.text
    everybody, everything = frozenset(pack.roles.roles), frozenset(_all_fields(pack))
    for entry in entries_of(row, events, pack, roles=everybody, revealed=everything):
        yield {
            "at": entry.at.isoformat(), "what": happened(entry.verb), "by": words(entry.role) if entry.role else "",
            "entered": [_value(value) for value in entry.values], "texts": texts.get(entry.seq, {}), **_moved(entry),
        }  # fmt: skip


def _all_fields(pack: Pack) -> Iterator[str]:
    for form in pack.forms.values():
        for f in form.fields:
            yield f.id
            yield from (sub.id for sub in f.fields)


def _moved(entry: Entry) -> dict[str, Any]:
    return {"state": words(entry.to_state)} if entry.moved and entry.to_state else {}


def _value(value: ShownValue) -> dict[str, Any]:
    if value.kind == "rows":
        return {"title": words(value.title), "rows": [[_value(cell) for cell in row] for row in value.value]}
    return {"title": words(value.title), "value": _plain(value)}


def _plain(value: ShownValue) -> str:
    if isinstance(value.value, Mapping):
        return json.dumps(value.value, ensure_ascii=False, default=str)
    return words(value.value) if value.value is not None else ""


def _sent(row: OutboxMessage) -> dict[str, Any]:
    return {
        "at": row.created_at.isoformat(), "channel": row.channel, "address": row.address, "subject": row.subject, "text": row.body,
        "state": row.state,
    }  # fmt: skip


def _text(row: InboundText) -> dict[str, Any]:
    return {"at": row.received_at.isoformat(), "number": row.number, "text": row.text}


def _letter(row: IncomingMail) -> dict[str, Any]:
    return {
        "at": row.arrived_at.isoformat(), "from": row.sender, "name": row.sender_name, "subject": row.subject, "text": row.text,
    }  # fmt: skip


def _answers(subject: Subject) -> Iterator[dict[str, Any]]:
    """What they answered in questionnaires: scores, codes and words."""
    for asked in (
        SurveyInvitation.objects.filter(case__in=subject.cases).exclude(answered_at=None).order_by("answered_at")
    ):
        scores = Score.objects.filter(answer__invitation=asked).order_by("pk")
        said = Detail.objects.filter(chain=asked.chain_id, erased_at=None).order_by("seq", "field")
        yield {
            "at": asked.answered_at.isoformat() if asked.answered_at else "",
            "scores": {score.question: score.code or score.value for score in scores},
            "texts": {detail.field: detail.text for detail in said},
        }


def _files(subject: Subject, bound: zipfile.ZipFile) -> Iterator[dict[str, Any]]:
    for n, file in enumerate(subject.files.order_by("uploaded_at", "pk"), start=1):
        place = f"{FILES}/{n:03}-{_safe(file.name)}"
        known = {"name": file.name, "sha256": file.sha256, "size": file.size}
        try:
            with default_storage.open(file.location, "rb") as content, bound.open(place, "w") as copy:
                for chunk in content.chunks():
                    copy.write(chunk)
        except FileNotFoundError:
            yield {**known, "place": "", "missing": True}
            continue
        yield {**known, "place": place}


def _safe(name: str) -> str:
    return "".join("_" if c in UNSAFE or not c.isprintable() else c for c in name)[-80:] or "file"


# To read


def page_of(data: Mapping[str, Any]) -> str:
    """The same as a page that needs no program but a browser."""
    person = data["person"]
    parts = [
        format_html(
            "<h1>{}</h1><p>{}</p>", gettext("个人信息副本"), gettext("制作时间：%(at)s") % {"at": data["made_at"]}
        ),
        _table(
            gettext("本人"),
            [[gettext("姓名"), person["name"]], *[[_way(c["kind"]), c["value"]] for c in data["contacts"]]],
        ),
    ]
    for case in data["cases"]:
        parts.append(
            _section(f"{case['number']} {case['subject']}", f"{case['desk']} · {case['kind']}", case["events"])
        )
    for one in data["proceedings"]:
        parts.append(_section(f"{one['number']} {one['subject']}", f"{one['kind']} · {one['case']}", one["events"]))
    sent = [[m["at"], m["address"], m["subject"], m["text"]] for m in data["sent"]]
    came = [[m["at"], m["number"], "", m["text"]] for m in data["texts_received"]]
    came += [[m["at"], m["from"], m["subject"], m["text"]] for m in data["mails_received"]]
    parts.append(_table(gettext("发给本人的消息"), sent))
    parts.append(_table(gettext("本人发来的消息"), came))
    said = [[a["at"], json.dumps({**a["scores"], **a["texts"]}, ensure_ascii=False)] for a in data["answers"]]
    parts.append(_table(gettext("满意度答卷"), said))
    parts.append(_table(gettext("文件"), [[f["name"], f["place"]] for f in data["files"]]))
    return format_html(PAGE_OF_ALL, gettext("个人信息副本"), format_html_join("", "{}", ((part,) for part in parts)))


PAGE_OF_ALL = (
    '<!doctype html><html lang="zh-Hans"><meta charset="utf-8"><title>{}</title><style>'
    "body{{font:16px/1.6 sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}}"
    "table{{border-collapse:collapse;width:100%}}h2{{margin-top:2.5rem}}"
    "td{{border:1px solid #ccc;padding:.3rem .5rem;vertical-align:top;white-space:pre-wrap;overflow-wrap:anywhere}}"
    "</style><body>{}</body></html>"
)


def _way(kind: str) -> str:
    return {"phone": gettext("电话"), "email": gettext("邮箱"), "address": gettext("地址")}.get(kind, kind)


def _section(title: str, under: str, events: Iterable[Mapping[str, Any]]) -> SafeString:
    rows = [[event["at"], event["what"], event["by"], _entered(event["entered"])] for event in events]
    return format_html("{}<p>{}</p>{}", format_html("<h2>{}</h2>", title), under, _rows(rows))


def _entered(values: Iterable[Mapping[str, Any]]) -> str:
    lines = []
    for value in values:
        if "rows" in value:
            lines += [f"{value['title']}：" + "；".join(_entered([cell]) for cell in row) for row in value["rows"]]  # noqa: RUF001
        elif value["value"]:
            lines.append(f"{value['title']}：{value['value']}")  # noqa: RUF001
    return "\n".join(lines)


def _table(title: str, rows: list[list[Any]]) -> SafeString:
    if not rows:
        return format_html("<h2>{}</h2><p>{}</p>", title, gettext("没有"))
    return format_html("<h2>{}</h2>{}", title, _rows(rows))


def _rows(rows: list[list[Any]]) -> SafeString:
    lines = (format_html("<tr>{}</tr>", format_html_join("", "<td>{}</td>", ((cell,) for cell in row))) for row in rows)
    return format_html("<table>{}</table>", format_html_join("", "{}", ((line,) for line in lines)))
