"""The sheets that can be printed: a form of the pack filled or blank, and a record of one event."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from urllib.parse import quote

from django.conf import settings
from django.utils.translation import gettext

from amends.apps.cases.timeline import Entry
from amends.apps.policies.models import Desk
from amends.core.policy.forms import Form
from amends.core.policy.keeping import once_a_pack
from amends.core.policy.pack import Pack
from amends.core.policy.proceedings import ProceedingKind
from amends.doors.papers.casefile import CaseFile
from amends.doors.papers.filling import PrintedFile, blank_filling, filling_of, filling_of_record
from amends.doors.papers.formats import moment_in_print, page_words
from amends.doors.papers.layout import lines_of, lines_of_record
from amends.doors.papers.proceedingfile import ProceedingFile
from amends.doors.papers.sheet import Line, Sheet
from amends.doors.wording import happened, language, words


def printed_forms(pack: Pack) -> list[Form]:
    """The forms that the pack draws a paper for, in the order in which a case comes to them."""
    met = [kind.form for kind in pack.channels.kinds.values()] + [t.form for t in pack.lifecycle.transitions if t.form]
    ordered = [pack.forms[name] for name in dict.fromkeys([*met, *pack.forms]) if name in pack.forms]
    return [form for form in ordered if form.printed]


@once_a_pack
def forms_of_case(pack: Pack, kind: str) -> Sequence[Form]:
    """The printed forms of a case of that kind: not those that other kinds begin with, and not those that only proceedings fill in."""
    begins = {name: each.form for name, each in pack.channels.kinds.items()}
    on_the_way = {t.form for t in pack.lifecycle.transitions}
    in_proceedings = {t.form for each in pack.proceedings.values() for t in each.transitions}
    elsewhere = ({*begins.values(), *in_proceedings} - on_the_way) - {begins.get(kind)}
    return [form for form in printed_forms(pack) if form.id not in elsewhere]


def forms_of_kind(pack: Pack, kind: ProceedingKind) -> list[Form]:
    """The printed forms of a kind of proceeding, in the order in which it comes to them."""
    met = [pack.forms[name] for name in dict.fromkeys(t.form for t in kind.transitions) if name]
    return [form for form in met if form.printed]


def form_sheet(file: PrintedFile, form: Form, record: Entry | None = None) -> Sheet:
    """A form of the pack filled with what the case or proceeding holds; with a record, as it was filled in then.

    The form has a layout of its own.
    """
    assert form.printed is not None  # noqa: S101 - doors look for printed forms only
    filling = filling_of(file, form, record)
    return sheet_about(file, words(form.printed.title), lines_of(form.printed, filling), code=form.printed.code or "")


def record_sheet(file: CaseFile, entry: Entry, form: Form) -> Sheet:
    """What was filled in at one event, whether or not the pack draws a paper for that form."""
    lines = lines_of_record(form, filling_of_record(file, form, entry))
    return sheet_about(file, f"{happened(entry.verb)}{gettext('：')}{words(form.title)}", lines)


def blank_sheet(pack: Pack, desk: Desk, form: Form) -> Sheet:
    """A form of the pack without any value, for writing by hand."""
    assert form.printed is not None  # noqa: S101 - doors look for printed forms only
    filling = blank_filling(pack, desk, form)
    return Sheet(
        language=language(), house=house_of(pack, desk), title=words(form.printed.title), code=form.printed.code or "",
        number="", number_words=gettext("编号："), basis=basis_of(pack), link="", link_words="",
        foot=gettext("手工填写后请录入系统，并将原件附卷。"), page_words=page_words(),
        lines=tuple(lines_of(form.printed, filling)),
    )  # fmt: skip


def sheet_about(file: PrintedFile, title: str, lines: list[Line], *, code: str = "") -> Sheet:
    """Lines about a case or proceeding under its number, its QR code, and who printed them when."""
    link, link_words = _link_to(file)
    return Sheet(
        language=language(), house=house_of(file.pack, file.desk), title=title, code=code, number=file.number,
        number_words=gettext("编号："), basis=basis_of(file.pack), link=link, link_words=link_words,
        foot=_foot(file, file.viewer.now), page_words=page_words(), lines=tuple(lines),
    )  # fmt: skip


def _link_to(file: PrintedFile) -> tuple[str, str]:
    """The address of the page that the QR code opens, and what stands below it."""
    if isinstance(file, ProceedingFile):
        return f"{settings.BASE_URL}/proceedings/{file.proceeding.pk}/", gettext("扫码查看办理情况")
    return f"{settings.BASE_URL}/cases/{quote(file.number)}/", gettext("扫码查看个案")


def house_of(pack: Pack, desk: Desk) -> str:
    """Under whose name a paper goes out: the company's; that of the desk where the policy does not say it."""
    return words(pack.head.company or desk.called)


def version_of(pack: Pack) -> str:
    """By which policy something is counted, and its version."""
    return gettext("%(policy)s　第 %(version)s 版") % {"policy": words(pack.head.title), "version": pack.version}


def basis_of(pack: Pack) -> str:
    """Under which policy and version the form is laid out."""
    label = pack.head.policy_label or pack.head.title
    return gettext("%(policy)s　表单版本 %(version)s") % {"policy": words(label), "version": pack.head.version}


def _foot(file: PrintedFile, now: datetime) -> str:
    printed = gettext("打印：%(name)s　%(at)s") % {
        "name": file.viewer.person.name,
        "at": moment_in_print(now, file.zone),
    }
    kept = gettext("含个人信息，注意保管") if file.in_full else gettext("个人信息已隐去")
    return f"{printed}　{kept}"
