"""Where guidance stands: on the intake page, beside the form of a verb."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from typing import Any

from django.http import QueryDict

from amends.apps.cases.proceedings.broadcasting import notices_for
from amends.core.facts import CaseFacts
from amends.core.form_data import Reading, read_form
from amends.core.guidance import guidance_for
from amends.core.policy.forms import Form
from amends.core.policy.pack import Pack
from amends.core.policy.wording import placeholders_in
from amends.doors.wording import words
from amends.web.case.seeing import CaseView
from amends.web.guidance.filling import values_of_case, with_typed
from amends.web.guidance.panel import Panel, panel_of, used_in
from amends.web.intake.state import Intake
from amends.web.viewing import zone_of

INTAKE_FORM, STEP_FORM = "intake-form", "step-form"


def guide_of_intake(intake: Intake) -> Panel:
    """What helps while a contact is taken in: for its kind, for the first state of the case, and for what is typed so far."""
    rules = [
        t for t in intake.pack.lifecycle.from_state(None) if t.verb == "register" and set(t.by) & intake.actor.roles
    ]
    known = facts_typed(intake)
    panel = panel_of(
        intake.pack, known, verb="register", form=intake.form.id, state=rules[0].to if rules else None,
        used=used_in(intake.post), value_of=with_typed(intake.pack, intake.entered.data, lambda name: ""),
        belongs_to=INTAKE_FORM,
    )  # fmt: skip
    panel.notices = [n.subject for n in notices_for(intake.desk, intake.pack, known, now=intake.viewer.now)]
    return panel


def facts_typed(intake: Intake) -> CaseFacts:
    """The facts as they would be with what is typed so far."""
    reading = Reading(intake.pack, intake.facts_of_way_in(), intake.viewer.now, zone_of(intake.pack))
    return reading.facts.with_values(read_form(intake.form, intake.data(), reading).facts())


def mark_of(guide: Panel) -> str:
    """A short sign of what a panel shows, by which a page says what it has."""
    return sha256(repr(guide).encode()).hexdigest()[:12]


def guide_of_step(seen: CaseView, *, verb: str, form: Form, data: Mapping[str, Any], post: QueryDict) -> Panel:
    """What helps with the form of a verb: as the case stands, and with what is typed into it just now."""
    pack = seen.pack
    known = known_with(seen.facts, pack, form, data, seen)
    names = {name for g in guidance_for(pack, known, verb=verb, form=form.id) for name in _placeholders(g)}
    return panel_of(
        pack, known, verb=verb, form=form.id, used=used_in(post), belongs_to=STEP_FORM,
        value_of=with_typed(pack, data, values_of_case(seen, names)), address_of=seen.address_of,
    )  # fmt: skip


def known_with(facts: CaseFacts, pack: Pack, form: Form, data: Mapping[str, Any], seen: CaseView) -> CaseFacts:
    """The facts as they would be with what is typed into a form."""
    reading = Reading(pack, facts, seen.viewer.now, seen.zone)
    return facts.with_values(read_form(form, data, reading).facts())


def _placeholders(g: Any) -> list[str]:
    return placeholders_in(words(g.text)) if g.text else []
