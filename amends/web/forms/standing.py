"""What stands in a form, in words: to be read and taken elsewhere where the form itself is not shown."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils.translation import gettext

from amends.doors.papers.formats import days_in_print
from amends.doors.wording import listed, words
from amends.web.forms.drawing import DrawnField, DrawnForm


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


def as_one_text(typed: Iterable[tuple[str, str]]) -> str:
    """What stands in a form as one text."""
    return "\n".join(title + gettext("：") + text for title, text in typed)
