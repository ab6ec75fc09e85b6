"""What a form is filled with: the values of a case, those of one record, or nothing at all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from zoneinfo import ZoneInfo

from amends.apps.cases.models import Case
from amends.apps.cases.proceeding_models import Proceeding
from amends.apps.cases.timeline import Entry, ShownValue, reporter_is_hidden
from amends.apps.policies.models import Desk
from amends.core.facts import CaseFacts
from amends.core.policy.base import Title
from amends.core.policy.forms import Field, Form
from amends.core.policy.pack import Pack
from amends.core.policy.printing import CASE_WORDS, PROCEEDING_WORDS
from amends.doors.papers.casefile import CaseFile
from amends.doors.papers.formats import moment_in_print
from amends.doors.papers.proceedingfile import ProceedingFile
from amends.doors.wording import in_words, words

PrintedFile = CaseFile | ProceedingFile
"""What papers are printed of."""
KNOWN_WORDS = CASE_WORDS | PROCEEDING_WORDS


@dataclass(frozen=True, slots=True)
class Filling:
    """The values to print under a pack. Without a case or proceeding the form is blank, for writing by hand."""

    pack: Pack
    desk: Desk
    zone: ZoneInfo
    form: Form
    case: Case | None = None
    facts: CaseFacts = field(default_factory=CaseFacts)
    values: Mapping[str, ShownValue] = field(default_factory=dict)
    doings: Mapping[str, Entry] = field(default_factory=dict)
    hides_reporter: bool = False
    proceeding: Proceeding | None = None
    entries: Sequence[Entry] = ()

    @property
    def is_blank(self) -> bool:
        return self.case is None and self.proceeding is None

    def field(self, name: str) -> Field | None:
        """The field of that name: as this form words it, else as another form of the pack does."""
        return self.form.field(name) or self.pack.fields.get(name)

    def was_asked(self, name: str) -> bool:
        """Whether a form with that field was handed in, so that nothing there means that nothing was said."""
        asking = {form.id for form in self.pack.forms.values() if form.field(name) is not None}
        return any(entry.form_id in asking for entry in self.entries)

    def has_nothing_under(self, name: str) -> bool:
        """Whether a field that is only asked under a condition was left empty when its form was handed in: the paper needs no room for it."""
        definition = self.field(name)
        is_conditional = definition is not None and definition.when is not None
        return is_conditional and name not in self.values and self.was_asked(name)

    def title_of(self, name: str) -> str:
        """The words beside a value: the pack's own, else those of the product."""
        definition, axis = self.field(name), self.pack.grading.axis(name)
        own: Title | None = definition.title if definition else axis.title if axis else None
        return words(own) if own else in_words(KNOWN_WORDS[name]) if name in KNOWN_WORDS else name

    def known_of_case(self, name: str) -> str:
        """What the product knows of the case under one of its own words; empty on a blank form."""
        if name == "desk":
            return words(self.desk.called)
        if name == "hotline":
            return self.pack.head.hotline or ""
        if name in PROCEEDING_WORDS:
            return _known_of_proceeding(self.proceeding, name, self) if self.proceeding is not None else ""
        return _known(self.case, name, self) if self.case is not None else ""


def filling_of(file: PrintedFile, form: Form, record: Entry | None = None) -> Filling:
    """A form filled with the latest values of a case or proceeding, as the viewer may read them.

    With a record, what the form itself asks is what was entered then.
    """
    values, doings = dict(file.values), dict(file.doings)
    if record is not None:
        then = {value.id: value for value in record.values}
        values = {name: value for name, value in values.items() if form.field(name) is None} | then
        doings[record.verb] = record
    proceeding = file.proceeding if isinstance(file, ProceedingFile) else None
    return Filling(
        file.pack, file.desk, file.zone, form, file.case, file.facts, values, doings,
        _hides_reporter(file), proceeding, file.entries,
    )  # fmt: skip


def _hides_reporter(file: PrintedFile) -> bool:
    row = file.proceeding if isinstance(file, ProceedingFile) else file.case
    return reporter_is_hidden(row, file.pack, file.actor.roles)


def filling_of_record(file: CaseFile, form: Form, entry: Entry) -> Filling:
    """A form filled with what was entered at one event, and nothing from elsewhere."""
    values = {value.id: value for value in entry.values}
    return Filling(
        file.pack, file.desk, file.zone, form, file.case, values=values, doings={entry.verb: entry},
        hides_reporter=_hides_reporter(file),
    )  # fmt: skip


def blank_filling(pack: Pack, desk: Desk, form: Form) -> Filling:
    """A form with nothing in it."""
    return Filling(pack, desk, ZoneInfo(pack.head.zone), form)


def _known(case: Case, name: str, filling: Filling) -> str:
    pack, zone = filling.pack, filling.zone
    kind, channel = pack.channels.kinds.get(case.kind), pack.channels.channels.get(case.channel)
    state = pack.lifecycle.states.get(case.state)
    moments = {
        "received_at": case.received_at, "registered_at": case.registered_at, "due_at": case.due_at,
        "closed_at": case.closed_at, "archived_at": case.archived_at,
    }  # fmt: skip
    if name in moments:
        moment = moments[name]
        return moment_in_print(moment, zone) if moment else ""
    if name == "registered_by" and filling.hides_reporter:
        return ""
    texts: dict[str, Any] = {
        "number": case.number,
        "kind": kind.title if kind else case.kind,
        "channel": channel.title if channel else case.channel,
        "state": state.title if state else case.state,
        "registered_by": case.registered_by.name if case.registered_by else "",
        "department": case.department.called if case.department else "",
        "team": case.team.called if case.team else "",
        "handler": case.handler.name if case.handler else "",
        "round": case.round,
        "cycle": case.cycle,
    }
    return words(texts.get(name))


def _known_of_proceeding(proceeding: Proceeding, name: str, filling: Filling) -> str:
    kind = filling.pack.proceedings[proceeding.kind]
    state = kind.states.get(proceeding.state)
    moments = {
        "proceeding_begun_at": proceeding.begun_at, "proceeding_due_at": proceeding.due_at,
        "proceeding_ended_at": proceeding.ended_at,
    }  # fmt: skip
    if name in moments:
        moment = moments[name]
        return moment_in_print(moment, filling.zone) if moment else ""
    texts: dict[str, Any] = {
        "proceeding_number": proceeding.number,
        "proceeding_title": kind.title,
        "proceeding_state": state.title if state else proceeding.state,
        "proceeding_begun_by": proceeding.begun_by.name if proceeding.begun_by else "",
    }
    return words(texts[name])
