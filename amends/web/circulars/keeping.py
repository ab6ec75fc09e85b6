"""Who keeps the address book of which desk, for every page about it."""

from __future__ import annotations

from django.http import Http404, HttpRequest
from django.utils.translation import gettext

from amends.apps.circulars.models import BookEntry, Circular
from amends.apps.circulars.rights import VERBS, Keeper, keeper_on
from amends.core.refusals import NotPermitted, Refusal
from amends.doors.wording import said, said_of_field
from amends.web.viewing import packs_of, viewer_of

AREA = {"area": "circulars"}


def keepers(request: HttpRequest) -> list[Keeper]:
    """The viewer on each of their desks that has an address book."""
    viewer = viewer_of(request)
    found = (
        keeper_on(viewer.person, desk, pack, viewer.caller(desk, pack), viewer.now)
        for desk, pack in packs_of(viewer).items()
    )
    return [keeper for keeper in found if keeper is not None]


def keeper_of(request: HttpRequest) -> Keeper:
    """The viewer on the desk that the address names, or on their first one. Raises NotPermitted without any."""
    found = keepers(request)
    asked = request.GET.get("desk", "")
    keeper = next((k for k in found if k.desk.code == asked), None) or next(iter(found), None)
    if keeper is None:
        raise NotPermitted(verb=VERBS["address_book"])
    return keeper


def entry_and_keeper(request: HttpRequest, pk: int) -> tuple[BookEntry, Keeper]:
    """An entry of one of the viewer's books. Raises NotPermitted without any book, Http404 for an entry of another."""
    keeper_of(request)
    by_desk = {keeper.desk.pk: keeper for keeper in keepers(request)}
    entry = BookEntry.objects.filter(pk=pk, desk__in=by_desk).select_related("desk", "applied_by", "entered_by").first()
    if entry is None:
        raise Http404
    return entry, by_desk[entry.desk_id]


def circular_and_keeper(request: HttpRequest, pk: int) -> tuple[Circular, Keeper]:
    """A message to a group of one of the viewer's desks. Refuses as `entry_and_keeper`."""
    keeper_of(request)
    by_desk = {keeper.desk.pk: keeper for keeper in keepers(request)}
    found = Circular.objects.filter(pk=pk, desk__in=by_desk).select_related("desk", "written_by", "released_by")
    circular = found.first()
    if circular is None:
        raise Http404
    return circular, by_desk[circular.desk_id]


def sentence_of(refusal: Refusal) -> str:
    """The refusal in the reader's language; of several faults at fields the first."""
    return sentences_of(refusal)[0]


def sentences_of(refusal: Refusal) -> list[str]:
    """The refusal in the reader's language, a sentence for each fault."""
    return [said_of_field(error) for error in getattr(refusal, "errors", ())] or [said(refusal)]


STATES = {
    "applied": lambda: gettext("待批准"),
    "approved": lambda: gettext("已批准，待录入"),
    "entered": lambda: gettext("在用"),
    "retired": lambda: gettext("已停用"),
}
