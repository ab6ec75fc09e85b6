"""What the intake page is about: the desk, the kind and the channel chosen so far, and what was typed."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property

from django.http import QueryDict

from amends.apps.cases.actions import Contact
from amends.apps.cases.callers import Asked
from amends.apps.cases.queries import Viewer
from amends.apps.people.directory import OrganisationOfDesk
from amends.apps.policies.models import Desk
from amends.core.directory import Actor
from amends.core.facts import CaseFacts
from amends.core.filling import filled_in
from amends.core.form_data import Reading, read_value
from amends.core.policy.base import Title
from amends.core.policy.forms import NUMBERS, Field, Form
from amends.core.policy.pack import Pack
from amends.core.refusals import FieldError, InvalidData
from amends.core.roles import actor_on_case, has_right
from amends.web.forms import Posted, posted
from amends.web.forms.posted import KEPT, several_of, without_blank_rows
from amends.web.guidance.panel import used_in
from amends.web.viewing import may_register, packs_of, zone_of

RECEIVED = Field(id="received_at", title=Title(**{"zh-Hans": "收到时间", "en": "received at"}), type="datetime")
LONGEST_ASKED = 200


@dataclass
class Intake:
    """The choices and the typed text of one request."""

    viewer: Viewer
    desks: dict[Desk, Pack]
    post: QueryDict
    desk: Desk = field(init=False)
    pack: Pack = field(init=False)
    kind: str = field(init=False)
    channel: str = field(init=False)
    form: Form = field(init=False)
    entered: Posted = field(init=False)

    def __post_init__(self) -> None:
        chosen = [desk for desk in self.desks if desk.code == self.post.get("_desk")]
        self.desk = (chosen or list(self.desks))[0]
        self.pack = self.desks[self.desk]
        kinds = list(self.pack.channels.kinds)
        asked = self.post.get("_kind", "")
        self.kind = asked if asked in kinds else self._usual_kind()
        channels = [name for name, channel in self.pack.channels.channels.items() if not channel.retired]
        asked = self.post.get("_channel", "")
        self.channel = asked if asked in channels else channels[0]
        self.form = self.pack.forms[self.pack.channels.kinds[self.kind].form]
        self.post = self._with_what_fills_itself()
        self.entered = posted(self.form, self.post, several=several_of(self.form, self.pack))

    def _with_what_fills_itself(self) -> QueryDict:
        """The form with what the channel fills in, where a field was not on the page before."""
        channel, person = self.pack.channels.channels[self.channel], self.viewer.person
        local = self.viewer.now.astimezone(zone_of(self.pack))
        known = {"person": str(person.pk), "received_at": f"{local:%Y-%m-%dT%H:%M}"}
        known |= {"department": str(person.department_id)} if person.department_id else {}
        on_page = {name: self.post.get(name) or "-" for name in self.post}
        found = filled_in(channel, self.form, on_page, known)
        if not found:
            return self.post
        post = self.post.copy()
        post.update(
            {
                name: ("yes" if value else "no") if isinstance(value, bool) else str(value)
                for name, value in found.items()
            }
        )
        return post

    def _usual_kind(self) -> str:
        """The first kind that counts as a complaint of a customer: what the desk is there for."""
        kinds = self.pack.channels.kinds
        return next((name for name, kind in kinds.items() if kind.counts and not kind.internal), next(iter(kinds)))

    @cached_property
    def actor(self) -> Actor:
        caller = self.viewer.caller(self.desk, self.pack)
        return actor_on_case(self.pack, caller, CaseFacts(), OrganisationOfDesk(self.desk, self.pack, self.viewer.now))

    @property
    def owner(self) -> str:
        return self.viewer.person.actor_id

    @property
    def token(self) -> str:
        return self.post.get("_token", "")[:64]

    def may_backdate(self) -> bool:
        return has_right(self.pack, self.actor, "backdate")

    def data(self) -> dict[str, object]:
        return without_blank_rows(self.entered.data)

    def asked_of_caller(self) -> Asked:
        """By what the caller and the matter can be found so far."""
        typed = {name: str(self.post.get(name, ""))[:LONGEST_ASKED] for name in self.post}
        numbered = [f.id for f in self.pack.fields.values() if f.format in NUMBERS]
        return Asked(
            phone=typed.get("complainant_phone", ""),
            email=typed.get("complainant_email", ""),
            name=typed.get("complainant_name", ""),
            numbers=tuple(typed[name] for name in numbered if typed.get(name)),
        )

    def facts_of_way_in(self) -> CaseFacts:
        """What is known before anything is typed: conditions of the form may ask for kind and channel."""
        kind, channel = self.pack.channels.kinds[self.kind], self.pack.channels.channels[self.channel]
        return CaseFacts(
            values={
                "kind": self.kind, "channel": self.channel, "channel_group": channel.group, "written": channel.written,
                "internal": kind.internal, "counts": kind.counts,
            }
        )  # fmt: skip

    def contact(self, *, received_at: datetime | None = None) -> Contact:
        return Contact(
            desk=self.desk,
            kind=self.kind,
            channel=self.channel,
            data=self.data(),
            caller=self.viewer.caller(self.desk, self.pack),
            now=self.viewer.now,
            received_at=received_at,
            backdate_reason=self.post.get("_backdate_reason", ""),
            local_zone=zone_of(self.pack),
            used=used_in(self.post),
        )

    def received_at(self) -> datetime | None:
        """The time of receipt as typed, read in the desk's zone. Raises InvalidData."""
        raw = self.post.get("_received_at", "").strip()
        if not raw:
            return None
        errors: list[FieldError] = []
        reading = Reading(self.pack, CaseFacts(), self.viewer.now, zone_of(self.pack))
        text = read_value(RECEIVED, raw, "/received_at", reading, errors)
        if errors:
            raise InvalidData(errors)
        return datetime.fromisoformat(text.replace("Z", "+00:00"))

    def carried(self) -> list[tuple[str, str]]:
        """What was typed into fields that the present kind does not have: it comes back with them."""
        own = {f.id for f in self.form.fields}
        found: dict[str, str] = {}
        for name in self.post:
            value = self.post.get(name, "")
            plain = name.removeprefix(KEPT)
            if value and not plain.startswith("_") and "-" not in plain and plain not in own and plain[:1].isalpha():
                found[KEPT + plain] = value
        found.pop(KEPT + "csrfmiddlewaretoken", None)
        return list(found.items())


def desks_to_register_on(viewer: Viewer) -> dict[Desk, Pack]:
    """The desks on which the viewer may register, those where they hold a role first."""
    allowed = [(desk, pack) for desk, pack in packs_of(viewer).items() if may_register(viewer, desk, pack)]
    return dict(sorted(allowed, key=lambda found: not viewer.caller(*found).holdings))
