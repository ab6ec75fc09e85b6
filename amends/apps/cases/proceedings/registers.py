"""Registers: a line for every record of a kind that its policy keeps as a list, narrowed, ordered by day and paged by key."""

from __future__ import annotations

import base64
import binascii
import json
import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from amends.apps.cases.proceeding_models import Proceeding, RegisterLine, RegisterValue
from amends.apps.cases.proceedings.concerning import codes_of, concern_of, with_counts
from amends.apps.cases.proceedings.naming import title_of
from amends.apps.cases.proceedings.queries import RELATED, visible_proceedings
from amends.apps.cases.queries import Viewer
from amends.apps.keyset import behind
from amends.apps.ledger.models import Detail
from amends.apps.ledger.queries import latest_texts
from amends.apps.policies.models import Desk
from amends.apps.policies.queries import NoPackInForce, pack_in_force
from amends.core.facts import CaseFacts
from amends.core.form_data import options_of, read_moment
from amends.core.policy.forms import TEXT_TYPES, Field
from amends.core.policy.lifecycle import RESTING
from amends.core.policy.pack import Pack
from amends.core.policy.proceedings import ProceedingKind
from amends.core.policy.registers import STANDING_FILTERS, Register
from amends.core.refusals import FieldError, InvalidData

LARGEST_PAGE = 500
LONGEST_SEARCH = 100


def keep_line(proceeding: Proceeding, facts: CaseFacts, pack: Pack) -> None:
    """Bring the line of the register up to date with the proceeding's facts; nothing for a kind that is no register."""
    register = pack.proceedings[proceeding.kind].register_
    if register is None:
        return
    zone = ZoneInfo(pack.head.zone)
    course = register.course
    line, _ = RegisterLine.objects.update_or_create(
        proceeding=proceeding,
        defaults={
            "desk": proceeding.desk,
            "kind": proceeding.kind,
            "day": _day_of(facts.values.get(register.day or ""), zone) or proceeding.begun_at.astimezone(zone).date(),
            "figure": _figure(facts.values.get(course.value)) if course else None,
            "alike": _alike(proceeding, facts, pack, course.same) if course else "",
            "concern": concern_of(proceeding.number, facts.values, pack.proceedings[proceeding.kind].concerns),
        },
    )
    _keep_values(line, register, facts)


def _keep_values(line: RegisterLine, register: Register, facts: CaseFacts) -> None:
    wanted = {(name, text) for name in register.filters for text in codes_of(facts.values.get(name))}
    present = {(row.field, row.value): row.pk for row in RegisterValue.objects.filter(line=line)}
    gone = [key for pair, key in present.items() if pair not in wanted]
    if gone:
        RegisterValue.objects.filter(pk__in=gone).delete()
    fresh = sorted(wanted - present.keys())
    RegisterValue.objects.bulk_create(RegisterValue(line=line, field=name, value=text) for name, text in fresh)


def _day_of(value: Any, zone: ZoneInfo) -> date | None:
    """The local day of a stored date or moment."""
    if not isinstance(value, str) or not value:
        return None
    return read_moment(value).astimezone(zone).date() if "T" in value else date.fromisoformat(value)


def _figure(value: Any) -> Decimal | None:
    """A stored amount (in its currency), number or decimal as one number."""
    if isinstance(value, Mapping):
        return Decimal(value["minor"]) / 100
    try:
        return None if value is None or isinstance(value, bool | list) else Decimal(str(value))
    except InvalidOperation:
        return None


def _alike(proceeding: Proceeding, facts: CaseFacts, pack: Pack, same: Iterable[str]) -> str:
    """What records have to agree in, without regard to blanks and case; empty while a part of it is not known."""
    texts = [name for name in same if (f := pack.fields.get(name)) is not None and f.type in TEXT_TYPES]
    said = latest_texts([proceeding.chain_id], texts) if texts else {}
    parts = [
        said.get((proceeding.chain_id, n), "") if n in texts else ",".join(codes_of(facts.values.get(n))) for n in same
    ]
    folded = ["".join(part.split()).casefold() for part in parts]
    return "|".join(folded)[:300] if all(folded) else ""


# Who reads which register


@dataclass(frozen=True, slots=True)
class Kept:
    """A register of a desk that somebody may read, by the policy in force."""

    desk: Desk
    pack: Pack
    name: str
    kind: ProceedingKind
    register: Register

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.pack.head.zone)


def registers_of(viewer: Viewer) -> list[Kept]:
    """The registers that somebody may open: of kinds that a role of theirs sees, begins or works in. No query beyond roles."""
    found = []
    for desk in viewer.desks():
        try:
            pack = pack_in_force(desk, viewer.now)
        except NoPackInForce:
            continue
        roles = roles_on(viewer, desk, pack)
        for name, kind in pack.proceedings.items():
            if kind.register_ is not None and _may_open(pack, kind, kind.register_, roles):
                found.append(Kept(desk, pack, name, kind, kind.register_))
    return found


def roles_on(viewer: Viewer, desk: Desk, pack: Pack) -> frozenset[str]:
    """The roles that somebody holds on the desk whatever it is about: those given, and that of every employee."""
    if not viewer.person.is_active:
        return frozenset()
    held = {h.role for h in viewer.caller(desk, pack).holdings}
    return frozenset(held | {name for name, role in pack.roles.roles.items() if role.counts == "employee"})


def _may_open(pack: Pack, kind: ProceedingKind, register: Register, roles: frozenset[str]) -> bool:
    if register.is_read_by(roles):
        return True
    if kind.seen_by and not roles & set(kind.seen_by):
        return False
    known = pack.roles.roles
    held = {name for name in roles if name in known and known[name].counts != "employee"}
    sees_all = any(known[name].sees == "desk" for name in held)
    return sees_all or any(held & set(transition.by) for transition in kind.transitions)


# The lines


def lines_for(viewer: Viewer, kept: Kept, filters: Mapping[str, str]) -> QuerySet[RegisterLine]:
    """The lines of a register that the viewer may see and the filters let through; days are those of the policy's zone.

    Raises InvalidData for a filter or value that is not known.
    """
    found = standing_lines(viewer, kept)
    errors: list[FieldError] = []
    for name, value in filters.items():
        narrow = _narrowing(viewer, kept, name)
        if narrow is None:
            errors.append(FieldError(f"/{name}", "unknown_filter", {"name": name[:60], "allowed": filters_of(kept)}))
        elif value:
            try:
                found = found.filter(narrow(_plain(value)))
            except ValueError:
                errors.append(FieldError(f"/{name}", "bad_filter_value", {"name": name, "value": value[:60]}))
    if errors:
        raise InvalidData(errors)
    return with_counts(found, kept.desk, kept.kind.concerns, viewer.now) if kept.kind.concerns else found


def filters_of(kept: Kept) -> list[str]:
    """What the register can be narrowed by."""
    standing = [name for name in STANDING_FILTERS if name != "like" or kept.register.course]
    return [*standing, *kept.register.filters]


def standing_lines(viewer: Viewer, kept: Kept) -> QuerySet[RegisterLine]:
    """The lines of a register that the viewer may see, whatever they say; nothing is counted for them."""
    visible = visible_proceedings(viewer).filter(desk=kept.desk, kind=kept.name)
    found = RegisterLine.objects.filter(desk=kept.desk, kind=kept.name, proceeding__in=visible.values("pk"))
    return found.filter(_listed(kept.register))


def _listed(register: Register) -> Q:
    return Q(proceeding__state__in=register.states) if register.states else Q()


def _late() -> Q:
    return Q(proceeding__is_late=True) & ~Q(proceeding__state_category__in=RESTING)


def _narrowing(viewer: Viewer, kept: Kept, name: str) -> Callable[[str], Q] | None:
    """What a filter of the register does with its value; raises ValueError for one that says nothing."""
    if name in kept.register.filters:
        return lambda value: Q(Exists(RegisterValue.objects.filter(line=OuterRef("pk"), field=name, value=value[:200])))
    if name not in filters_of(kept):
        return None
    narrowings: dict[str, Callable[[str], Q]] = {
        "state": lambda value: Q(proceeding__state=value),
        "from": lambda value: Q(day__gte=date.fromisoformat(value)),
        "to": lambda value: Q(day__lte=date.fromisoformat(value)),
        "late": _lateness,
        "text": lambda value: _holding(viewer, kept, value.strip()[:LONGEST_SEARCH]),
        "like": lambda value: _like(kept, uuid.UUID(value)),
    }
    return narrowings[name]


def _lateness(value: str) -> Q:
    if value not in ("yes", "no"):
        raise ValueError(value)
    return _late() if value == "yes" else ~_late()


def _holding(viewer: Viewer, kept: Kept, text: str) -> Q:
    """Where the number, the subject or a text column holds the text; what is masked to the reader or only some read is not searched."""
    roles = roles_on(viewer, kept.desk, kept.pack)
    open_texts = [f.id for f in columns_of(kept) if f.type in TEXT_TYPES and f.is_clear_to(roles) and not f.seen_by]
    said = Detail.objects.filter(
        chain_id=OuterRef("proceeding__chain_id"), field__in=open_texts, erased_at=None, text__icontains=text
    )
    return Q(proceeding__number__icontains=text) | Q(proceeding__subject__icontains=text) | Q(Exists(said))


def _like(kept: Kept, key: uuid.UUID) -> Q:
    """What stands in one chart with a record of the register; nothing where that one is not comparable."""
    alike = RegisterLine.objects.filter(pk=key, desk=kept.desk, kind=kept.name).exclude(alike="").values("alike")
    return Q(alike__in=alike)


def _plain(value: str) -> str:
    if "\x00" in value:
        raise ValueError(value)
    return value


def columns_of(kept: Kept) -> list[Field]:
    """The fields in the columns of a register."""
    return [kept.pack.fields[name] for name in kept.register.columns if name in kept.pack.fields]


@dataclass(frozen=True, slots=True)
class RegisterPage:
    """One page of a register, the latest day first; `next_cursor` leads to the one after it."""

    rows: list[RegisterLine]
    next_cursor: str | None


def register_page(kept: Kept, found: QuerySet[RegisterLine], *, size: int, cursor: str | None = None) -> RegisterPage:
    """A page of lines with their records, ranked by what concerns them where the policy wants it. Raises InvalidData for a bad
    cursor or size. One query.
    """
    if not 1 <= size <= LARGEST_PAGE:
        raise InvalidData([FieldError("/size", "bad_page_size", {"limit": LARGEST_PAGE})])
    ranks = kept.kind.concerns is not None and kept.kind.concerns.ranks
    if cursor:
        rank, day, key = _read_cursor(cursor)
        found = found.filter(behind({**({"-concerned": rank} if ranks else {}), "-day": day, "-pk": key}))
    related = ("desk", *(f"proceeding__{name}" for name in RELATED if name != "parent"))
    ordered = found.select_related(*related).defer("proceeding__case__facts")
    rows = list(ordered.order_by(*(["-concerned"] if ranks else []), "-day", "-pk")[: size + 1])
    last = rows[size - 1] if len(rows) > size else None
    return RegisterPage(rows[:size], _cursor_at(last) if last else None)


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure on a day, and the record it is from."""

    day: date
    figure: Decimal
    key: uuid.UUID
    number: str


def course_of(found: QuerySet[RegisterLine], *, at_most: int) -> list[Figure]:
    """The latest figures of the lines, oldest first. One query."""
    known = found.filter(figure__isnull=False).order_by("-day", "-pk")
    rows = known.values_list("day", "figure", "pk", "proceeding__number")[:at_most]
    return [Figure(day, figure or Decimal(), key, number) for day, figure, key, number in rows][::-1]


@dataclass(frozen=True, slots=True)
class Counted:
    """How many records somebody sees in a register, and how many of them are late."""

    count: int = 0
    late: int = 0


def counts_of(viewer: Viewer, registers: Iterable[Kept]) -> dict[tuple[int, str], Counted]:
    """The counts by desk and kind; one query for all of them."""
    wanted = Q(pk__in=[])
    for kept in registers:
        wanted |= Q(desk=kept.desk, kind=kept.name) & _listed(kept.register)
    lines = RegisterLine.objects.filter(wanted, proceeding__in=visible_proceedings(viewer).values("pk"))
    rows = lines.order_by().values("desk", "kind").annotate(n=Count("pk"), late=Count("pk", filter=_late()))
    return {(row["desk"], row["kind"]): Counted(row["n"], row["late"]) for row in rows}


def choices_in(kept: Kept, found: QuerySet[RegisterLine]) -> dict[str, list[str]]:
    """What the lines can be filtered by: the choices of the policy, and of people, departments and partners those that occur."""
    offered: dict[str, list[str]] = {}
    occurring = []
    for name in kept.register.filters:
        f = kept.pack.fields[name]
        if f.type in ("choice", "choices", "category"):
            offered[name] = list(options_of(f, kept.pack))
        elif f.type == "yes_no":
            offered[name] = ["yes", "no"]
        else:
            occurring.append(name)
            offered[name] = []
    if occurring:
        rows = RegisterValue.objects.filter(field__in=occurring, line__in=found.order_by().values("pk"))
        for name, value in rows.order_by("field", "value").values_list("field", "value").distinct():
            offered[name].append(value)
    return offered


def _cursor_at(line: RegisterLine) -> str:
    place = json.dumps([getattr(line, "concerned", 0), line.day.isoformat(), str(line.pk)])
    return base64.urlsafe_b64encode(place.encode()).decode().rstrip("=")


def _read_cursor(text: str) -> tuple[int, date, uuid.UUID]:
    try:
        rank, day, key = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        return int(rank), date.fromisoformat(str(day)), uuid.UUID(str(key))
    except (binascii.Error, ValueError, TypeError) as error:
        raise InvalidData([FieldError("/cursor", "bad_cursor", {})]) from error


def record_called(name: str, *, desk: Desk, pack: Pack, kind: str) -> Proceeding | None:
    """The standing record of that name, where other forms choose records of the kind by their names; else None."""
    if not any(one.record is not None and one.record.kind == kind for one in pack.fields.values()):
        return None
    found = Proceeding.objects.filter(desk=desk, kind=kind, subject=title_of(name))
    return found.exclude(state__in=pack.proceedings[kind].void).order_by("begun_at").first()
