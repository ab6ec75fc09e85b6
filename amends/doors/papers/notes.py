"""What is said below a form of characters that a font may lack."""

from __future__ import annotations

from dataclasses import replace
from typing import TypeVar

from django.utils.translation import gettext

from amends.doors.papers.glyphs import code_point, lacking
from amends.doors.papers.paper import Paper

P = TypeVar("P", bound=Paper)


def with_notes_on_glyphs(paper: P, *, is_spelled_out: bool) -> P:
    """The paper with a note that lists the characters outside the print font by their code points, if there are any.

    Spelled out, the text shows code points in their place; otherwise it keeps the characters themselves.
    """
    missing = lacking(paper.texts())
    if not missing:
        return paper
    if is_spelled_out:
        listed = "、".join(code_point(c) for c in missing)
        note = gettext("以下字符不在打印字库中，正文以方括号内的统一码代替：%(listed)s") % {"listed": listed}
    else:
        listed = "、".join(f"{c} {code_point(c)}" for c in missing)
        note = gettext("以下字符不在常用字库中，打印前请核对：%(listed)s") % {"listed": listed}
    return replace(paper, notes=(*paper.notes, note))
