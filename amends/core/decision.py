"""What is asked of the engine and what it answers: the request, the decision, and the words both need."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from amends.core.directory import Actor
from amends.core.facts import CaseFacts
from amends.core.guidance import Used
from amends.core.policy.base import Title
from amends.core.policy.forms import Form
from amends.core.policy.lifecycle import Notice, Transition
from amends.core.policy.pack import Pack
from amends.core.verbs import VERBS

APPLICANT = "applicant"
"""The fact that holds who asked for what an approval chain decides on."""

NO_FORM = Form(id="nothing", title=Title(**{"zh-Hans": "无", "en": "nothing"}))


REASON_TO_SET_ASIDE = "separation_reason"
"""The field in which somebody with the right to do so says why a separation of duties is set aside this once."""


@dataclass(frozen=True, slots=True)
class Request:
    """What somebody wants to do. `given` holds facts the doors found out (channel, earlier cases …), already checked; `texts`
    those of earlier steps, where what the verb starts takes them on.
    """

    verb: str
    data: Mapping[str, Any]
    actor: Actor
    now: datetime
    given: Mapping[str, Any] = field(default_factory=dict)
    local_zone: ZoneInfo | None = None
    form: str | None = None
    texts: Mapping[str, str] = field(default_factory=dict)
    used: Used = Used()


@dataclass(frozen=True, slots=True)
class Decision:
    """One event to record, and what follows from it outside the case."""

    verb: str
    transition: Transition
    payload: dict[str, Any]
    texts: dict[str, str]
    tells: tuple[str, ...]
    notices: tuple[Notice, ...]
    starts: tuple[Started, ...] = ()
    on_case: tuple[Follows, ...] = ()
    tells_partner: tuple[str, ...] = ()
    marks_case: Mapping[str, Any] = field(default_factory=dict)
    form: Form = NO_FORM

    def reason_for(self, roles: Collection[str]) -> str:
        """What messages about the step tell people in these roles as its reason."""
        return self.form.reason_in(self.texts, roles)


@dataclass(frozen=True, slots=True)
class Started:
    """A proceeding that follows, with the data its form begins with, on so many of a hundred cases."""

    proceeding: str
    data: Mapping[str, Any]
    share: int = 100


@dataclass(frozen=True, slots=True)
class Follows:
    """A verb that follows on the case of a proceeding."""

    verb: str
    data: Mapping[str, Any]


def first_classification(pack: Pack, facts: CaseFacts, known: CaseFacts) -> dict[str, Any]:
    """The level and the main category as they are first given, kept for figures when they are corrected later."""
    found = {"first_level": known.value(pack.grading.level) if pack.grading.level else None}
    found["first_category"] = main_category(pack, known)
    return {name: value for name, value in found.items() if value and facts.value(name) is None}


def main_category(pack: Pack, facts: CaseFacts) -> str:
    """The value of the pack's first category scheme, under whichever field holds it; empty when there is none."""
    scheme = pack.categories.schemes[0].id
    for f in pack.fields.values():
        if f.scheme == scheme and (value := facts.value(f.id)):
            return str(value[0] if isinstance(value, list) else value)
    return ""


def form_for(pack: Pack, transition: Transition, given: str | None = None) -> Form:
    """The form of a transition; registering without one of its own takes the form of the kind (`given`)."""
    name = transition.form or given
    return pack.forms[name] if name else NO_FORM


def button_of(verb: str) -> str:
    return VERBS[verb].button if verb in VERBS else verb
