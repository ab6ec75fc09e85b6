"""A policy pack as a whole: everything one company wrote down about complaints, as frozen data."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from functools import cached_property
from typing import Any, Literal

from pydantic import BaseModel
from pydantic import Field as Attribute

from amends.core.policy.approvals import Approvals
from amends.core.policy.base import ClauseId, Name, Piece, Ruled, Title
from amends.core.policy.care import Care
from amends.core.policy.clock_rules import ClockRule, PackCalendar
from amends.core.policy.compensation import Compensation
from amends.core.policy.conditions import Condition
from amends.core.policy.documents import Documents
from amends.core.policy.followups import FollowUps
from amends.core.policy.forms import Field, Form
from amends.core.policy.guidance import Guidance
from amends.core.policy.intake import Acceptance, Categories, Channels
from amends.core.policy.kpis import Kpis
from amends.core.policy.levels import Grading
from amends.core.policy.lifecycle import Process
from amends.core.policy.people import Roles, Routing
from amends.core.policy.proceedings import ProceedingKind
from amends.core.policy.surveys import Surveys
from amends.core.policy.templates import Templates
from amends.core.policy.texting import Texting
from amends.core.policy.training import Training
from amends.core.policy.warnings import Warnings

FORMAT = 2
"""The format of published packs that this program writes; older ones are read through `upgrades`."""


class Setting(Ruled):
    """A named parameter. Wherever a pack says `{setting: name}`, its value stands.

    A `mandatory` setting without a value keeps the pack from being published: the policy left it open and
    somebody must decide.
    """

    title: Title
    value: Any = None
    unit: str | None = None
    mandatory: bool = False


class Clause(Piece):
    """One clause of the company's policy: what conformity is judged by."""

    id: ClauseId
    title: str
    text: str
    topic: Literal["core", "proceedings", "conversation", "knowing", "service"]
    accept: str | None = None
    soft: bool = False
    kept_by: Literal["pack", "product", "later"] = "pack"


class Repeats(Ruled):
    """How earlier cases of the same complainant are recognised: same value of these facts, still unresolved or not."""

    same: tuple[Name, ...] = ()
    unresolved_only: bool = True
    within_days: int = 365


class ArchiveItem(Ruled):
    """One item of the archive's check list; with `when`, only of files for which the condition holds.

    It is there once its verb was done, or a verb with its form; an item of `evidence` alone once the case has evidence.
    `needed: false` lists an item without insisting on it.
    """

    title: Title
    when: Condition | None = None
    form: Name | None = None
    verb: Name | None = None
    evidence: bool = False
    needed: bool = True


class Archive(Ruled):
    """What a complete file holds, what its cover is called, and how long it is kept; without years, for good.

    `kept_by_law` says that the law asks for these years: before they are over nobody is erased from a file, whoever asks.
    """

    items: tuple[ArchiveItem, ...]
    cover: Title | None = None
    keep_years: int | None = None
    kept_by_law: bool = False


class Evidence(Ruled):
    """Kinds of evidence, and the types of files a desk takes (by extension)."""

    kinds: dict[Name, Title]
    extensions: tuple[str, ...]
    max_file_mb: int = 20
    max_message_mb: int = 50
    max_files: int = 10


class Portal(Piece):
    """The desk as customers meet it: what they come for, in their words.

    `in_charge` says whom the status page names; `outlet` is the field that the QR code of an outlet fills in.
    """

    title: Title
    lead: Title | None = None
    in_charge: Literal["department", "handler", "nobody"] = "nobody"
    outlet: Name | None = None


class Head(Piece):
    """pack.yaml: who the pack is, how numbers look, and the settings."""

    id: Name
    version: int = Attribute(ge=1)
    valid_from: date
    valid_until: date | None = None
    title: Title
    company: Title | None = None
    """Under whose name papers go out; the desk's where it is left out."""
    policy_label: Title | None = None
    zone: str = "Asia/Shanghai"
    number: str
    hotline: str | None = None
    languages: tuple[str, ...] = ("zh-hans",)
    words: dict[Name, Title] = {}
    settings: dict[Name, Setting] = {}
    acceptance: tuple[Acceptance, ...] = ()
    repeats: Repeats | None = None
    archive: Archive | None = None
    evidence: Evidence | None = None
    portal: Portal | None = None
    care: Care = Care()


class Messages(Piece):
    """messages/<id>.<channel>.<language>.txt: wording with placeholders from a fixed dictionary."""

    texts: dict[Name, dict[Literal["email", "sms", "notice", "page"], dict[str, str]]] = {}


class Example(Piece):
    """A worked case that `pack check` and the tests run; see docs/packs.md for the keys of `given` and `expect`."""

    id: Name
    because: str
    given: dict[str, Any]
    expect: dict[str, Any]
    clause: tuple[ClauseId, ...] = ()


class Pack(Piece):
    """All files of a pack."""

    head: Head
    channels: Channels
    categories: Categories
    grading: Grading
    lifecycle: Process
    proceedings: dict[Name, ProceedingKind] = {}
    approvals: Approvals = Approvals()
    compensation: Compensation = Compensation()
    texting: Texting = Texting()
    followups: FollowUps = FollowUps()
    surveys: Surveys = Surveys()
    kpis: Kpis = Kpis()
    warnings: Warnings = Warnings()
    templates: Templates = Templates()
    training: Training = Training()
    reports: Documents = Documents()
    clocks: tuple[ClockRule, ...]
    calendar: PackCalendar
    clauses: tuple[Clause, ...]
    routing: Routing
    roles: Roles
    forms: dict[Name, Form]
    messages: Messages = Messages()
    guidance: tuple[Guidance, ...] = ()
    examples: tuple[Example, ...] = ()
    extra: dict[Name, Any] = {}

    @property
    def id(self) -> str:
        return self.head.id

    @property
    def version(self) -> int:
        return self.head.version

    @cached_property
    def fields(self) -> Mapping[str, Field]:
        """Every field of every form by id; forms that share an id share the definition's type."""
        found: dict[str, Field] = {}
        for form in self.forms.values():
            for field in form.fields:
                found.setdefault(field.id, field)
        return found

    @cached_property
    def types_of_fields(self) -> Mapping[str, str]:
        """The type of every field by id, of those in rows as well."""
        return {f.id: f.type for form in self.forms.values() for field in form.fields for f in (field, *field.fields)}

    def kinds_under(self, kind: str) -> dict[str, ProceedingKind]:
        """The kinds of proceedings that lie under one of this kind."""
        return {name: one for name, one in self.proceedings.items() if kind in one.under}

    def ruled_pieces(self) -> Iterator[tuple[str, tuple[str, ...]]]:
        """Every piece that names clauses: its path and the clauses. What `pack check` and conformity walk."""
        yield from _ruled("", self)


def _ruled(path: str, piece: Any) -> Iterator[tuple[str, tuple[str, ...]]]:
    if isinstance(piece, BaseModel):
        if clauses := getattr(piece, "clause", ()):
            yield path, tuple(clauses)
        for name in type(piece).model_fields:
            yield from _ruled(f"{path}.{name}" if path else name, getattr(piece, name))
    elif isinstance(piece, Mapping):
        for key, value in piece.items():
            yield from _ruled(f"{path}.{key}", value)
    elif isinstance(piece, tuple):
        for index, value in enumerate(piece):
            yield from _ruled(f"{path}.{index}", value)


def with_settings(raw: Any, settings: Mapping[str, Any]) -> Any:
    """The raw pack with every `{setting: name}` replaced by the setting's value.

    Raises KeyError with the name of a setting that the pack does not have.
    """
    if isinstance(raw, Mapping):
        if set(raw) == {"setting"}:
            return settings[raw["setting"]]
        return {key: with_settings(value, settings) for key, value in raw.items()}
    if isinstance(raw, list | tuple):
        return [with_settings(value, settings) for value in raw]
    return raw


def read_pack(raw: Mapping[str, Any]) -> Pack:
    """The pack that canonical data (as published) describes. Raises pydantic.ValidationError or KeyError."""
    settings = {name: setting.get("value") for name, setting in raw["head"].get("settings", {}).items()}
    head = raw["head"]
    body = with_settings({key: value for key, value in raw.items() if key != "head"}, settings)
    resolved_head = {k: (v if k == "settings" else with_settings(v, settings)) for k, v in head.items()}
    return Pack.model_validate({"head": resolved_head, **body})
