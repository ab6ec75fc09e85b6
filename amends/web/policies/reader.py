"""A policy as a manager reads it: clause by clause, its limits, rights, forms and messages, and how versions differ."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext

from amends.apps.ledger.models import Event
from amends.apps.people.models import Person
from amends.apps.people.rights import may_on_desk
from amends.apps.policies.models import Desk, PackVersion
from amends.apps.policies.queries import read_version, version_in_force, versions_of
from amends.core.policy.pack import Clause, Pack
from amends.doors.routes import route
from amends.web.policies.reading import tables
from amends.web.policies.reading.contact import contact
from amends.web.policies.reading.names import Names
from amends.web.policies.reading.pieces import by_clause, differences, found_in, sayings_of
from amends.web.policies.reading.saying import Saying
from amends.web.viewing import desk_and_pack, viewer_of, zone_of

SHOWN_FINDS = 60


@dataclass(frozen=True, slots=True)
class Reading:
    """What every page of the reader needs: the desk, the version that is read, and the tabs."""

    desk: Desk
    pack: Pack
    version: PackVersion
    versions: tuple[PackVersion, ...]
    in_force: int

    def context(self, part: str, **more: Any) -> dict[str, Any]:
        chosen = "" if self.version.version == self.in_force else f"?version={self.version.version}"
        return {
            "area": "policies", "desk": self.desk, "pack": self.pack, "version": self.version, "versions": self.versions,
            "is_in_force": not chosen, "chosen": chosen, "part": part, "parts": parts_of(self.pack), **more,
        }  # fmt: skip


def parts_of(pack: Pack) -> list[tuple[str, str, str]]:
    """The parts of a pack with their titles and icons, in the order in which one reads them."""
    found = [
        ("clauses", gettext("条款"), "book"),
        ("settings", gettext("公司决定的数值"), "adjustments"),
        ("intake", gettext("受理与分类"), "phone-incoming"),
        ("levels", gettext("级别与次序"), "arrows-sort"),
        ("process", gettext("办理规则"), "route"),
        ("clocks", gettext("时限"), "clock"),
        ("roles", gettext("角色与权限"), "users"),
        ("routing", gettext("派单与职责"), "arrow-forward"),
        ("forms", gettext("表单"), "clipboard-list"),
        ("messages", gettext("通知与短信"), "mail"),
        ("calendar", gettext("工作时间"), "calendar"),
        ("archive", gettext("档案与材料"), "archive"),
    ]
    if any(saying.part == "contact" for saying in contact(pack, Names(pack))):
        found.insert(10, ("contact", gettext("来信、回访与调查"), "message-dots"))
    if pack.kpis.indicators:
        found.insert(len(found) - 1, ("kpis", gettext("指标"), "chart-line"))
    if pack.reports.documents:
        found.insert(len(found) - 1, ("reports", gettext("报告"), "file-description"))
    if pack.warnings.rules or pack.warnings.key_problems or pack.warnings.measures:
        found.insert(len(found) - 1, ("warnings", gettext("预警与预测"), "alert-triangle"))
    if pack.training.modules:
        found.insert(len(found) - 1, ("training", gettext("培训与考核"), "users-group"))
    if pack.proceedings:
        found.insert(6, ("proceedings", gettext("专项程序"), "hierarchy"))
    return found


def reading_of(request: HttpRequest, desk: str) -> Reading:
    """The version asked for, or the one in force. Raises Http404."""
    viewer = viewer_of(request)
    place, _ = desk_and_pack(viewer, desk)
    in_force = version_in_force(place, viewer.now)
    wanted = request.GET.get("version", "")
    version = in_force if not wanted else version_called(place, wanted)
    return Reading(place, read_version(version.pk), version, versions_of(place.pack_id), in_force.version)


def version_called(desk: Desk, number: str) -> PackVersion:
    """A published version of the desk's policy by its number. Raises Http404."""
    found = next((v for v in versions_of(desk.pack_id) if str(v.version) == number), None)
    if found is None:
        raise Http404
    return found


@dataclass(frozen=True, slots=True)
class ClauseLine:
    """One clause, and what the system does about it."""

    clause: Clause
    sayings: list[Saying]


@route(audience="staff", permission="signed_in", kind="policy")
def clauses(request: HttpRequest, desk: str) -> HttpResponse:
    """The policy clause by clause, with what the system does about each; with `q`, what speaks of these words."""
    reading = reading_of(request, desk)
    sayings = sayings_of(reading.pack)
    asked = request.GET.get("q", "").strip()[:80]
    if asked:
        found = found_in(sayings, asked)
        clauses_found = [c for c in reading.pack.clauses if asked.lower() in f"{c.id} {c.title} {c.text}".lower()]
        more = {
            "asked": asked, "found": found[:SHOWN_FINDS], "more_found": max(len(found) - SHOWN_FINDS, 0),
            "clauses_found": clauses_found, "titles": {name: title for name, title, _ in parts_of(reading.pack)},
        }  # fmt: skip
        return render(request, "policies/found.html", reading.context("", **more))
    named = by_clause(sayings)
    lines = [ClauseLine(clause, named.get(clause.id, [])) for clause in reading.pack.clauses]
    return render(request, "policies/clauses.html", reading.context("clauses", lines=lines))


@route(audience="staff", permission="signed_in", kind="policy")
def part(request: HttpRequest, desk: str, name: str) -> HttpResponse:
    """One part of the policy: its limits, rights, forms, messages …"""
    reading = reading_of(request, desk)
    if name not in {found for found, _, _ in parts_of(reading.pack)} - {"clauses"}:
        raise Http404
    template, more = _CONTEXTS.get(name, _plain)(reading, name)
    return render(request, f"policies/{template}.html", reading.context(name, **more))


def _plain(reading: Reading, name: str) -> tuple[str, dict[str, Any]]:
    sayings = [s for s in sayings_of(reading.pack) if s.part == name]
    usual = next(title for part, title, _ in parts_of(reading.pack) if part == name)
    return "part", {"groups": tables.grouped(sayings, reading.pack, usual)}


def _clocks(reading: Reading, name: str) -> tuple[str, dict[str, Any]]:
    return "clocks", {"clocks": tables.clock_table(reading.pack)}


def _roles(reading: Reading, name: str) -> tuple[str, dict[str, Any]]:
    sayings = [s for s in sayings_of(reading.pack) if s.part == name]
    return "roles", {
        "matrix": tables.matrix(reading.pack),
        "rights": tables.rights_matrix(reading.pack),
        "sayings": sayings,
    }


def _forms(reading: Reading, name: str) -> tuple[str, dict[str, Any]]:
    hints = [s for s in sayings_of(reading.pack) if s.key.startswith("hint:")]
    return "forms", {"forms": tables.forms_table(reading.pack), "hints": hints}


def _messages(reading: Reading, name: str) -> tuple[str, dict[str, Any]]:
    shown = tables.messages_shown(reading.pack, reading.desk)
    return "messages", {"messages_shown": shown, "zone": zone_of(reading.pack)}


def _settings(reading: Reading, name: str) -> tuple[str, dict[str, Any]]:
    decided = _published(reading.desk, reading.versions)
    packs = [
        (v.version, read_version(v.pk)) for v in reversed(reading.versions) if v.version <= reading.version.version
    ]
    rows = tables.settings_table(reading.pack, packs)
    return "settings", {"rows": [(row, decided.get(row.since)) for row in rows], "zone": zone_of(reading.pack)}


_CONTEXTS = {"clocks": _clocks, "roles": _roles, "forms": _forms, "messages": _messages, "settings": _settings}


@dataclass(frozen=True, slots=True)
class Published:
    """Who published a version, and when."""

    who: str
    at: datetime


def _published(desk: Desk, versions: tuple[PackVersion, ...]) -> dict[int, Published]:
    """By version, from the ledger; a version published before the desk was opened is known by its time only."""
    events = Event.objects.filter(chain__key=f"desk:{desk.code}", kind="publish_pack").order_by("seq")
    actors = {event.data["version"]: event.actor for event in events if event.data["pack"] == desk.pack_id}
    numbers = [int(actor[7:]) for actor in actors.values() if actor.startswith("person:")]
    names = dict(Person.objects.filter(pk__in=numbers).values_list("pk", "name"))
    people = {version: names.get(int(a[7:]), "") for version, a in actors.items() if a.startswith("person:")}
    return {v.version: Published(people.get(v.version) or gettext("系统"), v.published_at) for v in versions}


@route(audience="staff", permission="signed_in", kind="policy")
def history(request: HttpRequest, desk: str) -> HttpResponse:
    """The versions of the policy, and how two of them differ, piece by piece."""
    viewer, reading = viewer_of(request), reading_of(request, desk)
    decided = _published(reading.desk, reading.versions)
    context = reading.context("history", zone=zone_of(reading.pack))
    context["history"] = [(v, decided[v.version]) for v in reading.versions]
    may = may_on_desk(viewer.person, "manage_pack", reading.desk, reading.pack, viewer.now)
    context |= {"may_move": may is not None, "in_force": reading.in_force}
    if len(reading.versions) > 1:
        newer = version_called(reading.desk, request.GET.get("new") or str(reading.versions[0].version))
        older = version_called(reading.desk, request.GET.get("old") or str(_before(reading.versions, newer).version))
        found = differences(read_version(older.pk), read_version(newer.pk))
        titles = {name: title for name, title, _ in parts_of(read_version(newer.pk))}
        context |= {"older": older, "newer": newer, "groups": tables.by_part(found, titles), "count": len(found)}
    return render(request, "policies/history.html", context)


def _before(versions: tuple[PackVersion, ...], newer: PackVersion) -> PackVersion:
    older = [v for v in versions if v.version < newer.version]
    return older[0] if older else versions[-1]
