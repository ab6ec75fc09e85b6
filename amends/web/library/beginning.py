"""What a study of a case begins with: its story as the author may read it, without the people in it."""

from __future__ import annotations

from django.utils.translation import gettext

from amends.apps.cases.proceedings.library import prefilled
from amends.core.policy.proceedings import Library
from amends.core.verbs import NOTE_PROCEEDING
from amends.doors.wording import happened, names_the_customer, words
from amends.web.case.seeing import CaseView
from amends.web.guidance.filling import latest_values

MOST_STEPS = 40


def study_begun(seen: CaseView, library: Library) -> dict[str, str]:
    """The fields of a fresh study. Source: EXP-7.1"""
    wanted = {name for names in library.prefills.values() for name in names}
    told = {
        name: words(value.value)
        for name, value in latest_values(seen, wanted).items()
        if value.kind in ("text", "long_text")
    }
    return prefilled(library, seen.case, told, _course(seen)[:MOST_STEPS])


def _course(seen: CaseView) -> list[str]:
    """What was done, in order: the day it was done on, counted from receipt, what happened, and in which role."""
    first = seen.case.received_at.astimezone(seen.zone).date()
    found = []
    for entry in seen.entries:
        if not entry.moved or entry.verb == NOTE_PROCEEDING:
            continue
        day = (entry.at.astimezone(seen.zone).date() - first).days + 1
        what, who = happened(entry.verb), words(entry.role) if entry.role else gettext("系统")
        params = {"day": day, "what": what, "who": "" if names_the_customer(entry.verb) else who}
        found.append(gettext("第%(day)s天：%(who)s%(what)s") % params)
    return found
