"""Who looks at the page, and what every page shows of them."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib.auth.middleware import get_user
from django.http import Http404, HttpRequest
from django.utils import timezone
from django.utils.functional import SimpleLazyObject

from amends.apps.cases.archive import may_search_archive
from amends.apps.cases.posts import may_watch, watch_of
from amends.apps.cases.proceedings.library import libraries_of, reads_library
from amends.apps.cases.proceedings.queries import count_waiting_proceedings
from amends.apps.cases.proceedings.registers import registers_of
from amends.apps.cases.queries import Viewer, desks_with_right
from amends.apps.cases.queries import packs_of as packs_of
from amends.apps.circulars.models import Circular
from amends.apps.mail.queries import desks_whose_mail_is_read, mails_waiting
from amends.apps.messaging.models import Notice
from amends.apps.outlook.queries import open_warnings_of
from amends.apps.people.models import Person
from amends.apps.people.rights import rights_of
from amends.apps.people.signed_in import arrival_of
from amends.apps.policies.models import Desk
from amends.apps.prepared import Asked, Prepared, counted, given_number
from amends.apps.surveys.calls import desks_that_call
from amends.apps.surveys.queries import desks_with_surveys
from amends.apps.upkeep.models import MaintenanceWindow
from amends.apps.upkeep.windows import announced
from amends.core.policy.pack import Pack
from amends.core.refusals import NotPermitted, NotVisible
from amends.core.roles import roles_before_a_case
from amends.web.templatetags.amends_words import DEFAULT_ZONE


def viewer_of(request: HttpRequest) -> Viewer:
    """The person signed in, at the moment of the request; the same one for the whole request."""
    found = getattr(request, "_viewer", None)
    if found is None:
        person = _signed_in(request)
        # What is sent may take its time to come, and is judged by what holds then.
        read = arrival_of(person) if request.method in ("GET", "HEAD") else None
        now = timezone.now() if read is None else read.now
        found = Viewer(person=person, now=now, practising=is_practising(request))
        if read is not None:
            found.take(read)
        request._viewer = found  # type: ignore[attr-defined]
    return found


def _signed_in(request: HttpRequest) -> Person:
    """Whoever is signed in, themselves: hundreds of looks at them go past the one who would read them when first asked."""
    found: Any = request.user
    return get_user(request) if isinstance(found, SimpleLazyObject) else found  # type: ignore[return-value]


PRACTISING = "practising"
"""Under which word the session keeps that its owner practises."""


def is_practising(request: HttpRequest) -> bool:
    """Whether the person signed in works on the desks for practice for now, and on nothing else."""
    session = getattr(request, "session", None)
    return bool(session is not None and session.get(PRACTISING))


def desk_and_pack(viewer: Viewer, code: str) -> tuple[Desk, Pack]:
    """A desk by its name in addresses, with the policy in force. Raises Http404."""
    found = next(((desk, pack) for desk, pack in packs_of(viewer).items() if desk.code == code), None)
    if found is None:
        raise Http404
    return found


def desk_asked_for(asked: Mapping[str, str], desks: Iterable[Desk]) -> Desk | None:
    """The desk that an address names among those open to the viewer, else the first; None where none is. Raises NotVisible for any other."""
    known, code = {desk.code: desk for desk in desks}, asked.get("desk")
    if code and known and code not in known:
        raise NotVisible
    return known[code] if code and known else next(iter(known.values()), None)


def zone_of(pack: Pack) -> ZoneInfo:
    return ZoneInfo(pack.head.zone)


def may_register(viewer: Viewer, desk: Desk, pack: Pack) -> bool:
    """Whether the viewer may register contacts on the desk."""
    roles = roles_before_a_case(pack, viewer.caller(desk, pack))
    return any(not roles.isdisjoint(t.by) for t in pack.lifecycle.from_state(None) if t.verb == "register")


def holds_a_role(viewer: Viewer) -> bool:
    """Whether the viewer holds a role on any desk: administering the installation is none."""
    return any(viewer.caller(desk, pack).holdings for desk, pack in packs_of(viewer).items())


def sees_others(viewer: Viewer) -> bool:
    """Whether some role of the viewer shows cases that lie with others."""
    roles = [
        pack.roles.roles.get(h.role)
        for desk, pack in packs_of(viewer).items()
        for h in viewer.caller(desk, pack).holdings
    ]
    return any(role is not None and role.sees in ("desk", "department") for role in roles)


def journeys_of(viewer: Viewer) -> dict[Desk, Pack]:
    """The desks that the viewer works on whose policy knows stages of the customer's journey."""
    return {d: pack for d, pack in packs_of(viewer).items() if pack.kpis.journey is not None and viewer.works_on(d)}


def check_sees_others(viewer: Viewer) -> None:
    """Raises NotPermitted for somebody who sees no case but their own: what compares people is not for them."""
    if not sees_others(viewer):
        raise NotPermitted(verb="查看工作量和经验总结")


_UNREAD = Prepared(
    lambda: Notice.objects.filter(person_id=given_number("person"), acknowledged_at=None).values_list("pk")
)


def asked_for_menu(viewer: Viewer) -> Asked[tuple[int, ...]]:
    """What the menu of every page asks: how many of each thing wait for its reader."""
    return counted(_asked_what_waits(viewer).values())


def _asked_what_waits(viewer: Viewer) -> dict[str, Asked[Any]]:
    asked = {"notices": _UNREAD.given(person=viewer.person.pk), "warnings": open_warnings_of(viewer.person)}
    if desks := desks_whose_mail_is_read(viewer):
        asked["mails"] = mails_waiting(viewer, desks)
    if _has_proceedings(viewer):
        asked["proceedings"] = count_waiting_proceedings(viewer)
    return asked


def _has_proceedings(viewer: Viewer) -> bool:
    return any(pack.proceedings for pack in packs_of(viewer).values())


class Nav:
    """What the sidebar shows; read only when a page shows it."""

    def __init__(self, request: HttpRequest) -> None:
        self.request = request

    def decides(self) -> Hashable:
        """Everything that the menu is drawn from: where its reader stands, what their desks are called, and what waits for them."""
        viewer = viewer_of(self.request)
        waiting = (
            self.notices, self.warnings, self.mails if self.reads_mail else None, self.proceedings if self.has_proceedings else None,
            self.texts_to_release if self.keeps_book else None,
        )  # fmt: skip
        desks = tuple((desk.code, desk.title, desk.title_en) for desk in viewer.desks())
        return viewer.standpoint(), viewer.person.is_administrator, viewer.practising, desks, waiting

    @cached_property
    def _waiting(self) -> dict[str, int]:
        """How many of each thing wait for the viewer; one query."""
        every = _asked_what_waits(viewer_of(self.request))
        return dict(zip(every, counted(every.values()).ask()[0], strict=True))

    @property
    def notices(self) -> int:
        return self._waiting["notices"]

    @cached_property
    def windows(self) -> list[MaintenanceWindow]:
        """Maintenance that is announced now."""
        return announced(viewer_of(self.request).now)

    @cached_property
    def zone(self) -> ZoneInfo:
        """The zone in which times are told that belong to no desk."""
        return next((zone_of(pack) for pack in packs_of(viewer_of(self.request)).values()), DEFAULT_ZONE)

    @cached_property
    def reads_mail(self) -> bool:
        return bool(desks_whose_mail_is_read(viewer_of(self.request)))

    @property
    def mails(self) -> int:
        """How many mails wait for a decision."""
        return self._waiting.get("mails", 0)

    @cached_property
    def has_proceedings(self) -> bool:
        """Whether a policy of the viewer's desks knows proceedings at all."""
        return _has_proceedings(viewer_of(self.request))

    @property
    def proceedings(self) -> int:
        """How many of them wait for the viewer."""
        return self._waiting.get("proceedings", 0)

    @cached_property
    def registers(self) -> bool:
        """Whether they may open a register of some desk."""
        return bool(registers_of(viewer_of(self.request)))

    @cached_property
    def libraries(self) -> list[Desk]:
        """The desks whose case library is open to them."""
        viewer = viewer_of(self.request)
        return [d for d, pack in packs_of(viewer).items() if libraries_of(pack) and reads_library(viewer, d)]

    @cached_property
    def may_register(self) -> bool:
        viewer = viewer_of(self.request)
        return any(may_register(viewer, desk, pack) for desk, pack in packs_of(viewer).items())

    @cached_property
    def monitors(self) -> bool:
        """Whether they look for posts on social media on some desk."""
        viewer = viewer_of(self.request)
        watches = [watch_of(desk, pack) for desk, pack in packs_of(viewer).items()]
        return any(watch is not None and may_watch(viewer, watch) for watch in watches)

    @cached_property
    def sees_others(self) -> bool:
        """Whether some role of theirs shows cases that lie with others."""
        return sees_others(viewer_of(self.request))

    @cached_property
    def has_journey(self) -> bool:
        """Whether a policy of the desks they work on knows the customer's journey."""
        return bool(journeys_of(viewer_of(self.request)))

    @cached_property
    def searches_archive(self) -> bool:
        """Whether the archive of some desk is open to them."""
        viewer = viewer_of(self.request)
        return any(may_search_archive(viewer, desk, pack) for desk, pack in packs_of(viewer).items())

    @cached_property
    def calls(self) -> bool:
        """Whether a policy of the desks they work on calls customers back."""
        return bool(desks_that_call(viewer_of(self.request)))

    @cached_property
    def surveys(self) -> bool:
        """Whether they run surveys on some desk."""
        return bool(desks_with_surveys(viewer_of(self.request)))

    @cached_property
    def documents(self) -> bool:
        """Whether a policy of the desks they work on has documents that write themselves."""
        viewer = viewer_of(self.request)
        return any(pack.reports.documents and viewer.works_on(desk) for desk, pack in packs_of(viewer).items())

    @cached_property
    def manages_people(self) -> bool:
        return self._holds("manage_people")

    @cached_property
    def keeps_book(self) -> bool:
        """Whether they keep an address book, approve its entries or release messages to groups."""
        viewer = viewer_of(self.request)
        known = ((desk, pack) for desk, pack in packs_of(viewer).items() if pack.texting.groups is not None)
        return any(
            {"address_book", "approve_entries", "release_texts"} & rights_of(viewer.caller(desk, pack), pack)
            for desk, pack in known
        )

    @cached_property
    def texts_to_release(self) -> int:
        """How many messages to groups wait for their release; nobody releases their own."""
        viewer = viewer_of(self.request)
        desks = list(desks_with_right(viewer, "release_texts"))
        waiting = Circular.objects.filter(desk__in=desks, state=Circular.State.TO_RELEASE)
        return waiting.exclude(written_by=viewer.person).count() if desks else 0

    @cached_property
    def looks_ahead(self) -> bool:
        """Whether a role of theirs looks after warnings: what lies ahead is of the desk, not of the installation."""
        viewer = viewer_of(self.request)
        return any("warnings" in rights_of(viewer.caller(d, pack), pack) for d, pack in packs_of(viewer).items())

    @cached_property
    def overview(self) -> bool:
        return self._holds_on_desk("overview")

    @cached_property
    def scores(self) -> bool:
        """Whether they see scorecards of departments or people on some desk."""
        return self._holds_on_desk("scores") or self._holds_on_desk("scores_of_people")

    @property
    def warnings(self) -> int:
        """How many open warnings are theirs."""
        return self._waiting["warnings"]

    @cached_property
    def practising(self) -> bool:
        return is_practising(self.request)

    @cached_property
    def learns(self) -> bool:
        """Whether a policy of a desk that they work on has training."""
        viewer = viewer_of(self.request)
        return any(pack.training.modules and viewer.works_on(desk) for desk, pack in packs_of(viewer).items())

    @cached_property
    def trains(self) -> bool:
        return self._holds_on_desk("training")

    @cached_property
    def reads_performance(self) -> bool:
        return self._holds_on_desk("performance")

    @cached_property
    def reads_sent(self) -> bool:
        return self._holds("sent_messages")

    @cached_property
    def edits_wordings(self) -> bool:
        """Whether they propose or approve what messages say."""
        return self._holds("propose_wordings") or self._holds("approve_wordings")

    @cached_property
    def answers_for_data(self) -> bool:
        """Whether they answer people who ask what is held about them."""
        return self._holds("personal_data")

    @cached_property
    def audits(self) -> bool:
        return self._holds("audit")

    def _holds_on_desk(self, right: str) -> bool:
        """Whether a role of theirs carries the right on some desk; administering the installation does not."""
        viewer = viewer_of(self.request)
        return any(right in rights_of(viewer.caller(desk, pack), pack) for desk, pack in packs_of(viewer).items())

    def _holds(self, right: str) -> bool:
        """Whether they hold a right on some desk, or administer the installation."""
        viewer = viewer_of(self.request)
        held = (rights_of(viewer.caller(desk, pack), pack) for desk, pack in packs_of(viewer).items())
        return viewer.person.is_administrator or any(right in rights for rights in held)


def navigation(request: HttpRequest) -> dict[str, object]:
    """Context processor: the sidebar of staff pages."""
    return {"nav": Nav(request)} if getattr(request, "user", None) and request.user.is_authenticated else {}
