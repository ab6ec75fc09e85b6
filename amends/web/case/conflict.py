"""Two people acted on one case: what was typed here beside what was saved meanwhile. Neither overwrites the other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext

from amends.apps.cases.timeline import Entry
from amends.doors.papers.formats import days_in_print
from amends.doors.wording import listed, words
from amends.web.case.seeing import CaseView
from amends.web.forms.drawing import DrawnField, DrawnForm


@dataclass(frozen=True, slots=True)
class Conflict:
    """`typed` are titles with what stands in the form, `saved` what others did since it was opened, the latest first.

    `no_longer` says why the verb can not be done any more; it is empty when it still can.
    """

    typed: Sequence[tuple[str, str]]
    saved: Sequence[Entry]
    no_longer: str

    @property
    def text(self) -> str:
        """What was typed, as one text to take elsewhere."""
        return "\n".join(title + gettext("：") + text for title, text in self.typed)


def conflict_of(seen: CaseView, form: DrawnForm, *, since: int, no_longer: str) -> Conflict:
    """What lies on either side; the viewer reads only what they may read of the case."""
    saved = seen.told([event for event in seen.readable if event.seq > since])
    return Conflict(typed_in(form), saved[::-1], no_longer)


def typed_in(form: DrawnForm) -> list[tuple[str, str]]:
    """What stands in a form, field by field, in words; empty fields are left out."""
    return [(field.title, text) for field in form.fields() if (text := _text(field))]


def _text(field: DrawnField) -> str:
    if field.rows:
        rows = ("　".join(text for cell in row.fields if (text := _text(cell))) for row in field.rows)
        return "\n".join(f"{n}. {row}" for n, row in enumerate(rows, start=1) if row)
    if field.choices:
        return listed(choice.title for choice in field.choices if choice.is_chosen and choice.value)
    if field.files:
        return listed(file.name for file in field.files)
    if not isinstance(field.value, str):
        return ""
    if field.widget == "datetime":
        return f"{days_in_print(field.value[:10])}{field.value[10:].replace('T', ' ')}"
    return days_in_print(field.value) if field.widget == "date" else words(field.value).strip()
