"""Which papers there are, by the name under which doors offer them, and how each is made."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from django.utils.translation import gettext

from amends.apps.cases.timeline import Entry
from amends.apps.policies.models import Desk
from amends.core.policy.forms import Form
from amends.core.policy.keeping import once_a_pack
from amends.core.policy.pack import Pack
from amends.core.refusals import NotVisible
from amends.doors.papers.binder import COVER, cover_sheet, title_of_cover
from amends.doors.papers.casefile import CaseFile
from amends.doors.papers.filling import PrintedFile
from amends.doors.papers.making import blank_sheet, form_sheet, forms_of_case, forms_of_kind, printed_forms
from amends.doors.papers.press import pdf_of
from amends.doors.papers.proceedingfile import ProceedingFile
from amends.doors.papers.sheet import Sheet
from amends.doors.papers.word import docx_of
from amends.doors.wording import language, words

WAYS = {"pdf": pdf_of, "docx": docx_of}
"""What a paper can be had as."""


def forms_offered(pack: Pack) -> dict[str, str]:
    """The printed forms of a pack by id, in their words."""
    return _titles(printed_forms(pack))


def papers_of_case(file: CaseFile) -> Mapping[str, str]:
    """What can be printed of a case by name: the forms of its pack, and the cover of its file."""
    return _papers_of_kind(file.pack, file.case.kind, language())


@once_a_pack
def _papers_of_kind(pack: Pack, kind: str, tongue: str) -> Mapping[str, str]:
    """In the reader's language, which is `tongue`."""
    return {**_titles(forms_of_case(pack, kind)), COVER: title_of_cover(pack)}


def papers_of_proceeding(file: ProceedingFile) -> dict[str, str]:
    """What can be printed of a proceeding by name: the forms of its kind; one that was filled in again, each time."""
    found: dict[str, str] = {}
    for form in forms_of_kind(file.pack, file.kind):
        records = file.records_of(form)
        found |= _titles([form]) if len(records) < 2 else _each_time(form, records)
    return found


def filled_in(file: ProceedingFile) -> set[str]:
    """The papers of a proceeding on which something was entered already."""
    forms = {entry.form_id for entry in file.entries}
    return {name for name in papers_of_proceeding(file) if name.partition("-")[0] in forms}


def _titles(forms: Iterable[Form]) -> dict[str, str]:
    tongue = language()
    return {form.id: words(form.printed.title, tongue=tongue) for form in forms if form.printed}


def _each_time(form: Form, records: Sequence[Entry]) -> dict[str, str]:
    title = _titles([form])[form.id]
    return {
        f"{form.id}-{entry.seq}": gettext("%(title)s（第 %(n)s 份）") % {"title": title, "n": n}
        for n, entry in enumerate(records, start=1)
    }


def sheet_called(file: PrintedFile, name: str) -> Sheet:
    """A paper of a case or proceeding. Raises NotVisible for a name that is not offered."""
    if isinstance(file, ProceedingFile):
        return _sheet_of_proceeding(file, name)
    if name == COVER:
        return cover_sheet(file)
    form = next((form for form in forms_of_case(file.pack, file.case.kind) if form.id == name), None)
    if form is None:
        raise NotVisible
    return form_sheet(file, form)


def _sheet_of_proceeding(file: ProceedingFile, name: str) -> Sheet:
    if name not in papers_of_proceeding(file):
        raise NotVisible
    form_id, _, seq = name.partition("-")
    form = file.pack.forms[form_id]
    return form_sheet(file, form, next((e for e in file.records_of(form) if str(e.seq) == seq), None))


def blank_called(pack: Pack, desk: Desk, name: str) -> Sheet:
    """A blank form of a pack. Raises NotVisible for a name that is not offered."""
    form = pack.forms.get(name)
    if form is None or form.printed is None:
        raise NotVisible
    return blank_sheet(pack, desk, form)


def made_as(sheet: Sheet, way: str) -> bytes:
    """The sheet as PDF or Word. Raises NotVisible for another way, PaperNotMade when it takes too long."""
    if way not in WAYS:
        raise NotVisible
    return WAYS[way](sheet)


def file_name(sheet: Sheet, way: str) -> str:
    """Under which name the paper is saved."""
    return f"{'-'.join(filter(None, [sheet.number, sheet.title]))}.{way}"
