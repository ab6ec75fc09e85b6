"""Writes: publish a pack, load a calendar year, open a desk. Each is recorded in the ledger."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction

from amends.apps.ledger.actions import append_in_turn
from amends.apps.policies.check import Check, check_folder
from amends.apps.policies.files import files_hash, read_calendar_files
from amends.apps.policies.models import CalendarYear, Desk, PackVersion
from amends.apps.policies.queries import content_of, forget_what_is_kept_in_memory
from amends.core.calendars import RegionYear, read_region_year, refuse_disagreement
from amends.core.canonical import canonical_json, ordered_json
from amends.core.policy.optional_steps import with_step, with_switches_of
from amends.core.policy.pack import FORMAT, Pack
from amends.core.policy.problems import Problem, Validity, overlap_problems, problems, read_with_problems
from amends.core.refusals import Refusal

SYSTEM = "system"
INSTALLATION = "installation"
DATED_KEYS = ("version", "valid_from", "valid_until")
"""Keys of the head that say when a version holds; a folder that differs only in them is not a changed policy."""


class PackRefused(Refusal):
    """A pack with problems was about to be published; `problems` and, from a folder, `lines` tell which."""

    code = "pack_refused"
    status = 422
    sentence = "制度包“%(pack)s”有 %(count)s 个问题，不能发布。"

    def __init__(self, pack: str, found: Sequence[Problem], lines: Sequence[str] = ()) -> None:
        self.problems = tuple(found)
        self.lines = tuple(lines)
        super().__init__(pack=pack, count=len(self.problems))


# Packs


@transaction.atomic
def publish_pack(content: Mapping[str, Any], *, now: datetime, actor: str = SYSTEM) -> PackVersion:
    """Publish raw pack content as the version that its head names; recorded on the chain of every desk that uses it.

    Refuses PackRefused: for any problem of the pack, a version that is published already, or days that another version
    claims. What is stored keeps the author's order and never changes; its SHA-256 is
    made over the canonical form, in which order says nothing.
    """
    pack = _readable(content)
    published = PackVersion.objects.filter(pack_id=pack.id).defer("content")
    found = overlap_problems(pack, [Validity(v.version, v.valid_from, v.valid_until) for v in published])
    if found:
        raise PackRefused(pack.id, found)
    version = PackVersion.objects.create(
        pack_id=pack.id,
        version=pack.version,
        format=FORMAT,
        valid_from=pack.head.valid_from,
        valid_until=pack.head.valid_until,
        content=ordered_json(content),
        hash=_sha256(canonical_json(content)),
        published_at=now,
    )
    payload = {
        "pack": pack.id,
        "version": pack.version,
        "hash": version.hash,
        "format": FORMAT,
        "valid_from": pack.head.valid_from,
        "valid_until": pack.head.valid_until,
    }
    _record_for_pack(pack.id, kind="publish_pack", payload=payload, now=now, actor=actor)
    transaction.on_commit(forget_what_is_kept_in_memory)
    forget_what_is_kept_in_memory()
    return version


@transaction.atomic
def close_version(version: PackVersion, *, last_day: date, now: datetime, actor: str = SYSTEM) -> PackVersion:
    """End a version's validity with a local day. A day before its first one leaves it in force for nobody new.

    Cases received under it keep it.
    """
    version.valid_until = last_day
    version.save(update_fields=["valid_until"])
    payload = {"pack": version.pack_id, "version": version.version, "valid_until": last_day}
    _record_for_pack(version.pack_id, kind="close_pack_version", payload=payload, now=now, actor=actor)
    transaction.on_commit(forget_what_is_kept_in_memory)
    forget_what_is_kept_in_memory()
    return version


def publish_folder(folder: Path, *, now: datetime, actor: str = SYSTEM, shipped: bool = False) -> PackVersion:
    """Check a pack folder and publish it as the version it names. Refuses PackRefused with its lines."""
    return publish_pack(_checked(folder, shipped=shipped).raw, now=now, actor=actor)


def publish_changed_folders(folders: Iterable[Path], *, now: datetime, actor: str = SYSTEM) -> list[PackVersion]:
    """Publish every folder whose policy differs from its latest published version, as the next version from today on.

    The first version keeps the number and the day that the folder names; later ones are numbered on, begin on the local
    day of `now`, and end the version before. Refuses PackRefused; folders before the refused one stay published.
    """
    return [v for folder in folders if (v := publish_if_changed(folder, now=now, actor=actor)) is not None]


@transaction.atomic
def publish_if_changed(folder: Path, *, now: datetime, actor: str = SYSTEM) -> PackVersion | None:
    """Publish one folder if its policy changed; None when it did not. Refuses PackRefused."""
    files = files_hash(folder)
    if _is_latest_of_some_pack(files):
        return None
    check = _checked(folder)
    pack_id = str(check.raw["head"]["id"])
    latest = PackVersion.objects.filter(pack_id=pack_id).order_by("-version").first()
    if latest is None:
        return _made_from(publish_pack(check.raw, now=now, actor=actor), files)
    # Steps that administrators switched off stay so in the next edition of the folder.
    raw = with_switches_of(check.raw, content_of(latest))
    if _same_policy(raw, latest):
        _made_from(latest, files)
        return None
    return _made_from(_publish_next(raw, latest, now=now, actor=actor), files)


def _publish_next(raw: Mapping[str, Any], latest: PackVersion, *, now: datetime, actor: str) -> PackVersion:
    """As the version after the latest one, from the local day of `now` on; the one before ends the day before."""
    zone = ZoneInfo(raw["head"].get("zone", "Asia/Shanghai"))
    first_day = max(now.astimezone(zone).date(), latest.valid_from)
    close_version(latest, last_day=first_day - timedelta(days=1), now=now, actor=actor)
    return publish_pack(_dated(raw, latest.version + 1, first_day), now=now, actor=actor)


@transaction.atomic
def switch_step(desk: Desk, state: str, *, is_on: bool, now: datetime, actor: str) -> PackVersion:
    """Leave an optional step of the desk's policy out, or take it in again, as its next version from today on.

    Cases that were received before keep their version and finish as begun. One that stands so already stays. Raises NotOptional, and
    PackRefused when the policy would have problems without the step. Source: REP-6.1.2
    """
    latest = PackVersion.objects.filter(pack_id=desk.pack_id).order_by("-version")[:1].get()
    content = content_of(latest)
    raw = with_step(content, state, is_on=is_on)
    if raw == content:
        return latest
    return _publish_next(raw, latest, now=now, actor=actor)


def _is_latest_of_some_pack(files: str) -> bool:
    """Whether the latest version of a pack was found equal to a folder with exactly these files."""
    known = PackVersion.objects.filter(files_hash=files).values_list("pack_id", "version", "format")
    return any(
        written == FORMAT and not PackVersion.objects.filter(pack_id=pack_id, version__gt=version).exists()
        for pack_id, version, written in known
    )


def _made_from(version: PackVersion, files: str) -> PackVersion:
    version.files_hash = files
    version.save(update_fields=["files_hash"])
    return version


def _readable(content: Mapping[str, Any]) -> Pack:
    reading = read_with_problems(content)
    found = list(reading.problems)
    if reading.pack is not None and not found:
        found = [problem for problem in problems(reading.pack) if not problem.warning]
    if found or reading.pack is None:
        raise PackRefused(str(content.get("head", {}).get("id", "?")), found)
    return reading.pack


def _checked(folder: Path, *, shipped: bool = False) -> Check:
    check = check_folder(folder, calendars=settings.CALENDARS_DIR, shipped=shipped)
    if check.faults:
        raise PackRefused(folder.name, [line.problem for line in check.faults], [line.text() for line in check.faults])
    return check


def _same_policy(raw: Mapping[str, Any], latest: PackVersion) -> bool:
    if latest.format != FORMAT:
        return False
    dated = {"version": latest.version, "valid_from": latest.valid_from, "valid_until": None}
    return _sha256(canonical_json(_with_head(raw, dated))) == _sha256(_undated_text(latest))


def _undated_text(version: PackVersion) -> str:
    dated = {"version": version.version, "valid_from": version.valid_from, "valid_until": None}
    return canonical_json(_with_head(json.loads(version.content), dated))


def _dated(raw: Mapping[str, Any], version: int, first_day: date) -> dict[str, Any]:
    return _with_head(raw, {"version": version, "valid_from": first_day.isoformat(), "valid_until": None})


def _with_head(raw: Mapping[str, Any], dated: Mapping[str, Any]) -> dict[str, Any]:
    head = {key: value for key, value in raw["head"].items() if key not in DATED_KEYS}
    return {**raw, "head": {**head, **{key: value for key, value in dated.items() if value is not None}}}


def _record_for_pack(pack_id: str, *, kind: str, payload: Mapping[str, Any], now: datetime, actor: str) -> None:
    """On the chain of every desk under the pack; on that of the installation while no desk uses it."""
    codes = list(Desk.objects.filter(pack_id=pack_id).values_list("code", flat=True))
    chains = [("desk", f"desk:{code}") for code in codes] or [(INSTALLATION, INSTALLATION)]
    for chain_kind, key in chains:
        append_in_turn(
            chain_key=key, chain_kind=chain_kind, kind=kind, at=now, recorded_at=now, actor=actor, payload=payload
        )


def content_hash(content: Mapping[str, Any]) -> str:
    """The hash under which raw pack content is published."""
    return _sha256(canonical_json(content))


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


# Calendars


@dataclass(frozen=True, slots=True)
class Loaded:
    """A loaded calendar year, and whether it is new (an equal one changes nothing)."""

    year: CalendarYear
    is_new: bool


@transaction.atomic
def load_calendar_year(content: Mapping[str, Any], *, now: datetime, actor: str = SYSTEM) -> Loaded:
    """Load a region's published year; a year that differs from the loaded one becomes its next version.

    Recorded on the chain of the installation. Due dates that were provisional are recomputed by the caller, which lists
    them. Raises pydantic.ValidationError for content that is no calendar year.
    """
    year = read_region_year(content)
    text = canonical_json(content)
    earlier = CalendarYear.objects.filter(region=year.region, year=year.year).order_by("-version").first()
    if earlier is not None and earlier.hash == _sha256(text):
        return Loaded(earlier, is_new=False)
    row = CalendarYear.objects.create(
        region=year.region,
        year=year.year,
        version=earlier.version + 1 if earlier else 1,
        content=text,
        hash=_sha256(text),
        source="\n".join(year.sources),
        loaded_at=now,
    )
    _record_year(year, row, now=now, actor=actor)
    transaction.on_commit(forget_what_is_kept_in_memory)
    forget_what_is_kept_in_memory()
    return Loaded(row, is_new=True)


def _record_year(year: RegionYear, row: CalendarYear, *, now: datetime, actor: str) -> None:
    append_in_turn(
        chain_key=INSTALLATION,
        chain_kind=INSTALLATION,
        kind="load_calendar_year",
        at=now,
        recorded_at=now,
        actor=actor,
        payload={"region": year.region, "year": year.year, "version": row.version, "hash": row.hash},
    )


@transaction.atomic
def load_calendar_folder(folder: Path, *, now: datetime, actor: str = SYSTEM) -> list[CalendarYear]:
    """Load every year under calendars/<region>/ that is new or changed; returns those.

    All or none: raises ValueError for a file that is wrong, and where years would disagree, which no calendar could be made of.
    """
    loaded = [load_calendar_year(content, now=now, actor=actor) for content in read_calendar_files(folder)]
    new = [item.year for item in loaded if item.is_new]
    if new:
        rows = CalendarYear.objects.order_by("region", "year", "version")
        latest = {(row.region, row.year): row for row in rows}
        refuse_disagreement(read_region_year(json.loads(row.content)) for row in latest.values())
    return new


# Desks


@transaction.atomic
def open_desk(
    *,
    code: str,
    title: str,
    pack_id: str,
    now: datetime,
    title_en: str = "",
    actor: str = SYSTEM,
    is_demo: bool = False,
) -> Desk:
    """Open a desk that works under a pack; recorded as the first event of the desk's own chain."""
    desk = Desk.objects.create(
        code=code, title=title, title_en=title_en, pack_id=pack_id, created_at=now, is_demo=is_demo
    )
    append_in_turn(
        chain_key=f"desk:{code}",
        chain_kind="desk",
        kind="open_desk",
        at=now,
        recorded_at=now,
        actor=actor,
        payload={"desk": code, "pack": pack_id},
    )
    return desk


PRACTICE_TITLE = "%(desk)s（练习）"


@transaction.atomic
def open_practice_desk(desk: Desk, *, now: datetime, actor: str = SYSTEM) -> Desk:
    """The desk on which the people of a desk practise; opened when it is first asked for. Source: EXP-9.1.2"""
    found = Desk.objects.filter(practice_of=desk).first()
    if found is not None:
        return found
    opened = open_desk(
        code=f"{desk.code[:31]}-practice", title=PRACTICE_TITLE % {"desk": desk.title[:100]}, pack_id=desk.pack_id, now=now, actor=actor,
        title_en=f"{desk.title_en[:100]} (practice)" if desk.title_en else "",
    )  # fmt: skip
    Desk.objects.filter(pk=opened.pk).update(practice_of=desk)
    opened.refresh_from_db()
    return opened


@transaction.atomic
def close_desk(desk: Desk, *, now: datetime, actor: str = SYSTEM) -> None:
    """Nobody works on the desk from now on; its cases and their chains stay. Closing it again changes nothing."""
    if not Desk.objects.filter(pk=desk.pk, closed_at=None).update(closed_at=now):
        return
    append_in_turn(
        chain_key=f"desk:{desk.code}", chain_kind="desk", kind="close_desk", at=now, recorded_at=now, actor=actor,
        payload={"desk": desk.code},
    )  # fmt: skip
