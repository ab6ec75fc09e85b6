"""A letter to a desk that is being written: three pages, everything typed kept, and what of it is sent."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any

from django.http import HttpRequest, QueryDict

from amends.apps.people.models import Department
from amends.core.facts import CaseFacts
from amends.core.policy.conditions import holds
from amends.core.policy.forms import Form
from amends.core.roles import complainant_roles
from amends.web.portal.asking import PAGES, Page, form_for_customers, pages_of
from amends.web.portal.desks import PortalDesk
from amends.web.portal.entrances import Entrance, outlet_of, poster_channels
from amends.web.portal.filled import Filled
from amends.web.portal.network import network_of
from amends.web.portal.typed import DONE, ENTRANCE, TOKEN, keep, typed_before, with_page


@dataclass
class Letter:
    """One letter on one device, in one request. `session` names the device, `owner` owns its draft and its files."""

    request: HttpRequest
    offered: PortalDesk
    kind: str
    session: str
    owner: str
    entrance: Entrance | None
    now: datetime
    typed: QueryDict = field(init=False)
    is_resumed: bool = field(init=False)

    def __post_init__(self) -> None:
        self.typed = typed_before(self.owner, self.place, now=self.now)
        self.is_resumed = bool(self.typed)
        if TOKEN not in self.typed:
            self.typed[TOKEN] = self.request.POST.get(TOKEN, "")[:64] or uuid.uuid4().hex
        if self.entrance is not None:
            self.typed[ENTRANCE] = self.entrance.sealed

    @property
    def place(self) -> str:
        return f"complain:{self.offered.desk.code}:{self.kind}"

    @property
    def token(self) -> str:
        return str(self.typed[TOKEN])

    # What is asked

    @cached_property
    def form(self) -> Form:
        """The form of the kind, in the words of customers."""
        return form_for_customers(self._form_of_desk, complainant_roles(self.offered.pack))

    @property
    def _form_of_desk(self) -> Form:
        return self.offered.pack.forms[self.offered.pack.channels.kinds[self.kind].form]

    @cached_property
    def pages(self) -> dict[str, Page]:
        return {page.id: page for page in pages_of(self.form)}

    @cached_property
    def channel(self) -> str:
        """The way in that the poster stands for, else the one of the portal."""
        if self.entrance is not None and self.entrance.channel in poster_channels(self.offered.pack):
            return self.entrance.channel
        return self.offered.channel or ""

    @cached_property
    def outlet(self) -> Department | None:
        return outlet_of(self.entrance)

    @property
    def _way_in(self) -> CaseFacts:
        """What is known before anything is typed: conditions of the form may ask for kind and channel."""
        kind = self.offered.pack.channels.kinds[self.kind]
        channel = self.offered.pack.channels.channels[self.channel]
        values = {
            "kind": self.kind, "channel": self.channel, "channel_group": channel.group, "written": channel.written,
            "internal": kind.internal, "counts": kind.counts,
        }  # fmt: skip
        return CaseFacts(values=values)

    # What was typed

    def read(self, form: Form, *, takes_files: bool = False) -> Filled:
        """A part of the form with what was typed, under what the whole letter says."""
        known = self._way_in.with_values(self._plainly(self.form).read().facts())
        return self._plainly(form, known, takes_files=takes_files)

    def _plainly(self, form: Form, known: CaseFacts | None = None, *, takes_files: bool = False) -> Filled:
        return Filled(
            self.request, self.offered.pack, form, known or self._way_in, self.owner, self.now,
            content=self.typed, takes_files=takes_files,
        )  # fmt: skip

    def take(self, page: Page | None) -> Filled:
        """Take in what a page posted, with its files; without a page, the whole form."""
        form = page.form if page else self.form
        self.typed = with_page(self.typed, form, self.request.POST)
        filled = self.read(form, takes_files=True)
        for f in form.fields:
            if f.type == "files":
                self.typed.setlist(f.id, filled.entered.data.get(f.id, []))
        if page is not None and page.id not in self.typed.getlist(DONE):
            self.typed.appendlist(DONE, page.id)
        return filled

    def keep(self) -> None:
        """Keep what was typed on the server. Raises TooMany when the network begins more letters than it may."""
        keep(self.typed, self.owner, self.place, network=network_of(self.request), now=self.now)

    def is_done(self, page: Page) -> bool:
        """Whether the page was left at least once."""
        return page.id in self.typed.getlist(DONE)

    def first_open_page(self) -> str:
        """Where to go on: the first page that was not left, or not left complete."""
        return next((p.id for p in self.pages.values() if not self.is_done(p) or self.read(p.form).check()), PAGES[-1])

    def page_with(self, wrong: Mapping[str, list[str]]) -> Page:
        """The first page with something wrong on it; the last one for faults of no field."""
        places = {place.split("/")[0] for place in wrong}
        found = (page for page in self.pages.values() if places & {f.id for f in page.form.fields})
        return next(found, self.pages[PAGES[-1]])

    # What is sent

    def data(self) -> dict[str, Any]:
        """The letter as the desk registers it: without fields that the answers hide by now, with the outlet of the poster."""
        whole = self.read(self.form)
        sent = {f.id: whole.data[f.id] for f in self.form.fields if f.id in whole.data and holds(f.when, whole.facts)}
        spoken = self.offered.pack.head.portal
        if self.outlet is not None and spoken and spoken.outlet and self._form_of_desk.field(spoken.outlet):
            sent[spoken.outlet] = str(self.outlet.pk)
        return sent

    def wrong(self) -> dict[str, list[str]]:
        """Everything that keeps the letter from being sent, by field."""
        sent = self.data()
        whole = self.read(self.form)
        whole.entered.data = {name: value for name, value in whole.entered.data.items() if name in sent}
        return whole.check()
