"""What is said below a form of characters that a font may lack."""

from __future__ import annotations

from dataclasses import replace

from django.utils.translation import gettext

from amends.doors.papers.glyphs import code_point, lacking
from amends.doors.papers.sheet import Sheet


def with_notes_on_glyphs(sheet: Sheet, *, is_spelled_out: bool) -> Sheet:
    """The sheet with a note that lists the characters outside the print font by their code points, if there are any.

    Spelled out, the text shows code points in their place; otherwise it keeps the characters themselves.
    """
    missing = lacking(sheet.texts())
    if not missing:
        return sheet
    if is_spelled_out:
        listed = "、".join(code_point(c) for c in missing)
        note = gettext("以下字符不在打印字库中，正文以方括号内的统一码代替：%(listed)s") % {"listed": listed}
    else:
        listed = "、".join(f"{c} {code_point(c)}" for c in missing)
        note = gettext("以下字符不在常用字库中，打印前请核对：%(listed)s") % {"listed": listed}
    return replace(sheet, notes=(*sheet.notes, note))
