"""The pages of the address book: a list by company, one page an entry, groups, import and export."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.db.models import F, Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext

from amends.apps.cases.actions.by_text import open_cases_of_senders
from amends.apps.circulars import book
from amends.apps.circulars.book import Given
from amends.apps.circulars.importing import COLUMNS, import_book
from amends.apps.circulars.models import BookEntry, BookGroup, Recipient
from amends.apps.circulars.rights import EXPORT, KEEP, Keeper
from amends.apps.keyset import behind
from amends.apps.messaging.models import InboundText, OptOut, OutboxMessage
from amends.apps.people.actions import log_access
from amends.core.form_data import checked_text
from amends.core.refusals import InvalidData, Refusal
from amends.doors.routes import route
from amends.doors.spreadsheets import as_text
from amends.web.circulars.forms import EntryForm
from amends.web.circulars.keeping import AREA, STATES, entry_and_keeper, keeper_of, keepers, sentence_of, sentences_of
from amends.web.organisation.fields import posted

PAGE = 50
TAB = {**AREA, "tab": "book"}
State = BookEntry.State


@route(audience="staff", permission="address_book", kind="book")
def page(request: HttpRequest) -> HttpResponse:
    """The entries of one desk by company, narrowed and paged; numbers are masked."""
    keeper = keeper_of(request)
    asked = {name: request.GET.get(name, "").strip()[:60] for name in ("text", "group", "show")}
    rows = list(_after(_narrowed(keeper, asked), request.GET.get("after", ""))[: PAGE + 1])
    opted_out = set(OptOut.objects.filter(number__in=[row.phone for row in rows]).values_list("number", flat=True))
    missed = {found["entry"] for found in _unreached().filter(entry__in=[row.pk for row in rows])}
    context: dict[str, Any] = {
        **TAB, "keeper": keeper, "keepers": keepers(request), "asked": asked, "may_keep": keeper.may(KEEP),
        "may_export": keeper.may(EXPORT), "groups": BookGroup.objects.filter(desk=keeper.desk),
        "rows": [
            (row, STATES[row.state](), _is_late(row, keeper), row.phone in opted_out, row.pk in missed)
            for row in rows[:PAGE]
        ],
        "next": f"{rows[PAGE - 1].sort_key}\n{rows[PAGE - 1].pk}" if len(rows) > PAGE else "",
    }  # fmt: skip
    return render(request, "circulars/book.html", context)


def _narrowed(keeper: Keeper, asked: dict[str, str]) -> QuerySet[BookEntry]:
    found = BookEntry.objects.filter(desk=keeper.desk).prefetch_related("groups").order_by("sort_key", "pk")
    if asked["text"]:
        found = found.filter(
            Q(company__icontains=asked["text"]) | Q(name__icontains=asked["text"]) | Q(phone=asked["text"])
            | Q(sort_key__startswith=asked["text"].lower())
        )  # fmt: skip
    if asked["group"].isdecimal():
        found = found.filter(groups=int(asked["group"][:15]))
    shown = {
        "waiting": Q(state__in=(State.APPLIED, State.APPROVED)),
        "late": Q(was_late=True) | Q(state=State.APPROVED, received_at__lt=_today(keeper)),
        "wrong": (Q(wrong_since__isnull=False) | Q(pk__in=_unreached())) & ~Q(state=State.RETIRED),
        "retired": Q(state=State.RETIRED),
    }
    return found.filter(shown.get(asked["show"], ~Q(state=State.RETIRED)))


def _unreached() -> Any:
    """Entries whose number some message did not reach: it is to be checked, until it is another one."""
    failed = Recipient.objects.filter(message__receipt=OutboxMessage.Receipt.FAILED)
    return failed.filter(message__address=F("entry__phone")).values("entry")


def _today(keeper: Keeper) -> Any:
    return keeper.now.astimezone(keeper.zone).replace(hour=0, minute=0, second=0, microsecond=0)


def _is_late(row: BookEntry, keeper: Keeper) -> bool:
    is_waiting = row.state == State.APPROVED and row.received_at is not None
    return row.was_late or (is_waiting and book.is_late(row.received_at, keeper.now, keeper))  # type: ignore[arg-type]


def _after(rows: QuerySet[BookEntry], place: str) -> QuerySet[BookEntry]:
    key, _, pk = place.partition("\n")
    if not (pk.isdecimal() and len(pk) < 16):
        return rows
    return rows.filter(behind({"sort_key": key, "pk": int(pk)}))


def _given(form: EntryForm) -> Given:
    data = form.cleaned_data
    return Given(
        company=data["company"], name=data["name"], phone=data["phone"], note=data["note"], groups=tuple(data["groups"])
    )


@route(audience="staff", permission="address_book", kind="book", methods=["GET", "POST"])
def apply(request: HttpRequest) -> HttpResponse:
    """The application for a new dealer; posted, it waits to be approved."""
    keeper = keeper_of(request)
    keeper.check(KEEP)
    form = EntryForm(posted(request), keeper=keeper)
    if request.method == "POST" and form.is_valid():
        try:
            entry = book.apply_for(_given(form), by=keeper)
        except InvalidData as refusal:
            form.take(refusal)
        else:
            messages.success(request, gettext("已提交申请，等待批准。"))
            return HttpResponseRedirect(reverse("book_entry", args=[entry.pk]))
    context = {**TAB, "form": form, "keeper": keeper, "title": gettext("新增经销商申请")}
    return render(request, "circulars/entry_form.html", context, status=422 if form.errors else 200)


@route(audience="staff", permission="address_book", kind="book", methods=["GET", "POST"])
def one(request: HttpRequest, pk: int) -> HttpResponse:
    """An entry with its history and its messages; posted, it is changed."""
    entry, keeper = entry_and_keeper(request, pk)
    first = {**{name: getattr(entry, name) for name in book.FIELDS}, "groups": [g.pk for g in entry.groups.all()]}
    may_edit = keeper.may(KEEP) and entry.state != State.RETIRED
    first["phone"] = ""
    form = EntryForm(posted(request), initial=first, keeper=keeper)
    form.fields["phone"].required = False
    form.fields["phone"].label = gettext("新的手机号码（不变则不填）")
    if request.method == "POST" and form.is_valid():
        given = _given(form)
        kept = Given(
            company=given.company,
            name=given.name,
            phone=given.phone or entry.phone,
            note=given.note,
            groups=given.groups,
        )
        try:
            book.change(entry, kept, version=_version(request.POST.get("version", "")), by=keeper)
        except InvalidData as refusal:
            form.take(refusal)
        else:
            messages.success(request, gettext("已保存。"))
            return HttpResponseRedirect(reverse("book_entry", args=[entry.pk]))
    return _entry_page(request, entry, keeper, form if may_edit else None)


def _version(text: str) -> int:
    """The version that was looked at; 0, which no entry has, for what is no number."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else 0


def _entry_page(
    request: HttpRequest, entry: BookEntry, keeper: Keeper, form: EntryForm | None, **more: Any
) -> HttpResponse:
    names = {"company": gettext("公司名称"), "name": gettext("联系人"), "phone": gettext("手机号码"), "note": gettext("备注"),
             "state": gettext("状态"), "wrong": gettext("号码有误")}  # fmt: skip
    context = {
        **TAB, "entry": entry, "keeper": keeper, "form": form, "state": STATES[entry.state](),
        "is_late": _is_late(entry, keeper), "opted_out": OptOut.objects.filter(number=entry.phone).first(),
        "changes": [(change, names.get(change.field, change.field)) for change in entry.changes.select_related("by")[:50]],
        "texts": _texts(entry), **more,
    }  # fmt: skip
    status = 422 if (form is not None and form.errors) or more.get("trouble") else 200
    return render(request, "circulars/entry.html", context, status=status)


def _texts(entry: BookEntry) -> list[dict[str, Any]]:
    """What was sent to the number for the book and what came from it, newest first.

    What somebody says of a case of theirs is for those who see the case, and not for whoever keeps the book.
    """
    sent = OutboxMessage.objects.filter(recipient__entry=entry).order_by("-created_at")[:30]
    answers = InboundText.objects.filter(number=entry.phone, case_key="").order_by("-received_at")
    came = answers[: 0 if open_cases_of_senders([entry.phone]).exists() else 30]
    lines = [{"at": m.sent_at or m.created_at, "text": m.body, "message": m} for m in sent]
    lines += [{"at": t.received_at, "text": t.text, "message": None} for t in came]
    return sorted(lines, key=lambda line: line["at"], reverse=True)


def _done(request: HttpRequest, pk: int, do: Callable[[BookEntry, Keeper], object], said: str) -> HttpResponse:
    entry, keeper = entry_and_keeper(request, pk)
    do(entry, keeper)
    messages.success(request, said)
    return HttpResponseRedirect(reverse("book_entry", args=[pk]))


@route(audience="staff", permission="approve_entries", kind="book", methods=["POST"])
def approve(request: HttpRequest, pk: int) -> HttpResponse:
    """Approve an application."""
    return _done(
        request, pk, lambda entry, keeper: book.approve(entry, by=keeper), gettext("已批准。请于今日录入通讯录。")
    )


@route(audience="staff", permission="address_book", kind="book", methods=["POST"])
def enter(request: HttpRequest, pk: int) -> HttpResponse:
    """Enter an approved application."""
    return _done(request, pk, lambda entry, keeper: book.enter(entry, by=keeper), gettext("已录入通讯录。"))


@route(audience="staff", permission="address_book", kind="book", methods=["POST"])
def retire(request: HttpRequest, pk: int) -> HttpResponse:
    """Take an entry out of use."""
    return _done(request, pk, lambda entry, keeper: book.retire(entry, by=keeper), gettext("已停用。"))


@route(audience="staff", permission="address_book", kind="book", methods=["POST"])
def mark_wrong(request: HttpRequest, pk: int) -> HttpResponse:
    """Note that a number is wrong."""
    said = gettext("已标为号码有误，更正前不再发送。")
    return _done(request, pk, lambda entry, keeper: book.mark_wrong(entry, by=keeper), said)


@route(audience="staff", permission="reveal", kind="book", methods=["POST"])
def reveal(request: HttpRequest, pk: int) -> HttpResponse:
    """Show a number in full, with a reason that is noted."""
    entry, keeper = entry_and_keeper(request, pk)
    try:
        number = book.reveal(entry, reason=request.POST.get("reason", ""), by=keeper)
    except InvalidData as refusal:
        return _entry_page(request, entry, keeper, None, trouble=sentence_of(refusal))
    return _entry_page(request, entry, keeper, None, number=number)


@route(audience="staff", permission="address_book", kind="book", methods=["POST"])
def add_group(request: HttpRequest) -> HttpResponse:
    """A new group."""
    keeper = keeper_of(request)
    try:
        group = book.add_group(request.POST.get("title", ""), by=keeper)
    except InvalidData as refusal:
        messages.error(request, sentence_of(refusal))
    else:
        messages.success(request, gettext("已新建分组“%(title)s”。") % {"title": group.title})
    return HttpResponseRedirect(f"{reverse('book')}?desk={keeper.desk.code}")


@route(audience="staff", permission="address_book", kind="book", methods=["GET", "POST"])
def bring_in(request: HttpRequest) -> HttpResponse:
    """Take a file of approved entries in; what is wrong is listed by line, the rest is entered."""
    keeper = keeper_of(request)
    keeper.check(KEEP)
    context: dict[str, Any] = {**TAB, "keeper": keeper, "columns": [titles[0] for titles in COLUMNS.values()]}
    if request.method != "POST":
        return render(request, "circulars/import.html", context)
    file = request.FILES.get("file")
    try:
        content = file.read() if file else b""
        is_workbook = bool(file and str(file.name).lower().endswith(".xlsx"))
        entered, wrong = import_book(content, is_workbook=is_workbook, by=keeper)
    except Refusal as refusal:
        context["trouble"] = sentence_of(refusal)
        return render(request, "circulars/import.html", context, status=422)
    context |= {"entered": entered, "wrong": [(row.line, sentences_of(row.refusal)) for row in wrong], "was_read": True}
    return render(request, "circulars/import.html", context, status=422 if wrong else 200)


@route(audience="staff", permission="export", kind="book", methods=["POST"])
def export(request: HttpRequest) -> HttpResponse:
    """The book as a spreadsheet, for those with the right; who, when, why and how many is noted."""
    keeper = keeper_of(request)
    keeper.check(KEEP)
    keeper.check(EXPORT)
    reason = checked_text(request.POST.get("reason", ""), pointer="/reason", field="导出理由", limit=200)
    if not reason:
        messages.error(request, gettext("请填写导出理由。"))
        return HttpResponseRedirect(f"{reverse('book')}?desk={keeper.desk.code}")
    rows = list(BookEntry.objects.filter(desk=keeper.desk).exclude(state=State.RETIRED).order_by("sort_key", "pk"))
    said = gettext("%(reason)s（%(n)s 条）") % {"reason": reason, "n": len(rows)}
    log_access(
        actor=keeper.person.actor_id, action="export", object=f"book:{keeper.desk.code}"[:60], reason=said,
        now=keeper.now, desk=keeper.desk.pk,
    )  # fmt: skip
    answer = HttpResponse(
        _workbook(rows), content_type="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    )
    answer["Content-Disposition"] = 'attachment; filename="address-book.xlsx"'
    return answer


def _workbook(rows: list[BookEntry]) -> bytes:
    # The writer of spreadsheets is loaded when one is written.
    import xlsxwriter

    content = io.BytesIO()
    with xlsxwriter.Workbook(
        content, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    ) as workbook:
        sheet = workbook.add_worksheet()
        head = [gettext("公司名称"), gettext("联系人"), gettext("手机号码"), gettext("备注"), gettext("批准人")]
        sheet.write_row(0, 0, head)
        for line, row in enumerate(rows, start=1):
            cells = (row.company, row.name, row.phone, row.note, row.approved_by)
            sheet.write_row(line, 0, [as_text(cell) for cell in cells])
    return content.getvalue()
