"""What a pack may say about time: its calendar.yaml and each clock of its clocks.yaml.

The models are frozen and refuse unknown keys. They accept the short spellings of the files (`start:
registered`, `stop: [accepted, {verb: decline}]`, `limit: {by: class, general: {…}}`) and their own dump.
"""

import datetime as dt
import re
from collections.abc import Iterator
from functools import cached_property
from typing import Annotated, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StrictInt, model_validator

from amends.core.policy.conditions import Condition
from amends.core.working_time import WorkingTimeError, read_spans

Titles = dict[str, str]
Name = Annotated[str, Field(min_length=1)]
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
UNITS = ("minutes", "hours", "working_hours", "working_days", "calendar_days")
WORKING_UNITS = ("working_hours", "working_days")
STEP = re.compile(
    r"^(?:(?P<percent>\d{1,4})\s*%|(?P<sign>[+-])\s*(?P<amount>\d{1,5})\s*"
    r"(?P<unit>m|min|minutes?|h|hours?|working_hours?|working_days?|calendar_days?))$"
)


def _listed(value: object) -> object:
    return value if isinstance(value, list | tuple) else [value]


def _texts(value: object) -> object:
    return [] if value is None else _listed(value)


TextList = Annotated[tuple[Name, ...], BeforeValidator(_texts)]


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


# -- calendar.yaml ---------------------------------------------------------------------------------


def _spans(value: object) -> object:
    """Accept "09:00-12:00" for a span as well as a pair of times."""
    if not isinstance(value, list | tuple):
        return value
    return [tuple(item.split("-")) if isinstance(item, str) else item for item in value]


def _checked_spans(value: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
    try:
        read_spans(value)
    except WorkingTimeError as problem:
        raise ValueError(str(problem)) from None
    return value


SpanList = Annotated[tuple[tuple[str, str], ...], BeforeValidator(_spans)]


def _week(value: object) -> object:
    """Spread keys such as `mon-fri` over the days they mean."""
    if not isinstance(value, dict):
        return value
    week: dict[str, object] = {}
    for key, spans in value.items():
        for day in _days_of(str(key)):
            if day in week:
                raise ValueError(f"{day} is given twice")
            week[day] = spans
    return week


def _days_of(key: str) -> tuple[str, ...]:
    first, _, last = key.partition("-")
    last = last or first
    if first not in WEEKDAYS or last not in WEEKDAYS or WEEKDAYS.index(first) > WEEKDAYS.index(last):
        raise ValueError(f"not a day or run of days: {key!r}; write mon or mon-fri")
    return WEEKDAYS[WEEKDAYS.index(first) : WEEKDAYS.index(last) + 1]


class SpecialDay(_Model):
    """A date of the company's own: closed or with hours of its own, and what it is called."""

    date: dt.date
    closed: bool = False
    hours: SpanList = ()
    title: Titles = {}

    @model_validator(mode="after")
    def _either_closed_or_hours(self) -> Self:
        if self.closed == bool(self.hours):
            raise ValueError(f"{self.date}: say either closed: true or its hours")
        _checked_spans(self.hours)
        return self


class HoursRule(_Model):
    """Opening hours under one name. `holidays: ignore` means that they hold on public holidays too."""

    title: Titles = {}
    week: Annotated[dict[str, SpanList], BeforeValidator(_week)]
    holidays: Literal["observe", "ignore"] = "observe"
    makeup: SpanList = ()
    zone: str | None = None
    region: str | None = None
    days: tuple[SpecialDay, ...] = ()

    @model_validator(mode="after")
    def _has_hours(self) -> Self:
        for spans in (*self.week.values(), self.makeup):
            _checked_spans(spans)
        if not any(self.week.values()):
            raise ValueError("no opening hours on any day of the week, so no working time would ever pass")
        dates = [day.date for day in self.days]
        if len(dates) != len(set(dates)):
            raise ValueError("a date is given twice")
        return self


class PackCalendar(_Model):
    """The pack's calendar.yaml: zone, region of public holidays, and named opening hours; `default` names
    one.
    """

    zone: Name
    region: str | None = None
    hours: Annotated[dict[str, HoursRule], Field(min_length=1)]
    default: str = "office"
    clause: TextList = ()

    @model_validator(mode="after")
    def _default_exists(self) -> Self:
        if self.default not in self.hours:
            raise ValueError(f"default names no hours: {self.default!r}")
        return self

    def hours_named(self, name: str) -> HoursRule:
        """Return the hours of that name (`default` means the default ones). Refuses unknown names
        (KeyError).
        """
        return self.hours[self.default if name == "default" else name]


# -- clocks.yaml -----------------------------------------------------------------------------------


class Trigger(_Model):
    """What starts or stops a clock: entering a state, a verb done, or a field being set (to start: to another value).

    `at` names a field that holds the moment to take instead of the event's own (a time of discovery, say).
    """

    state: str | None = None
    verb: str | None = None
    field_set: str | None = None
    at: str | None = None

    @model_validator(mode="after")
    def _exactly_one(self) -> Self:
        if sum(given is not None for given in (self.state, self.verb, self.field_set)) != 1:
            raise ValueError("say exactly one of state, verb, field_set")
        return self


def _triggers(value: object) -> object:
    items = value if isinstance(value, list | tuple) else [] if value is None else [value]
    return [{"state": item} if isinstance(item, str) else item for item in items]


Triggers = Annotated[tuple[Trigger, ...], BeforeValidator(_triggers)]
Count = Annotated[StrictInt, Field(ge=0, le=100_000)]
Amount1 = Annotated[StrictInt, Field(ge=1, le=1_000_000)]


class Amount(_Model):
    """A stretch of time in exactly one unit. A day never stands alone: calendar or working."""

    minutes: Amount1 | None = None
    hours: Amount1 | None = None
    working_hours: Amount1 | None = None
    working_days: Count | None = None
    calendar_days: Count | None = None

    @model_validator(mode="after")
    def _one_unit(self) -> Self:
        if sum(getattr(self, unit) is not None for unit in UNITS) != 1:
            raise ValueError(f"say exactly one of {', '.join(UNITS)}")
        return self

    @property
    def unit(self) -> str:
        """Return the unit that is given."""
        return next(unit for unit in UNITS if getattr(self, unit) is not None)

    @property
    def number(self) -> int:
        """Return how many of the unit."""
        return int(getattr(self, self.unit))


class FlaggedLimit(_Model):
    """A limit that holds instead of the ordinary one while a flag of the case is set."""

    flag: Name
    limit: "Limit"


_SHAPES = (*UNITS, "month_day", "until", "promise", "by", "unset", "blank")


def _limit(value: object) -> object:
    """Read `unset`, `blank` and the short spelling of a table: the choices stand beside `by`."""
    if value is None or value in ("unset", "blank"):
        return {str(value or "unset"): True}
    if not isinstance(value, dict) or "by" not in value or "table" in value:
        return value
    table = {key: item for key, item in value.items() if key not in Limit.model_fields}
    return {key: item for key, item in value.items() if key in Limit.model_fields} | {"table": table}


class Limit(_Model):
    """By when. Exactly one shape:

    - an amount (`minutes`, `hours`, `working_hours`, `working_days`, `calendar_days`);
    - `month_day: 5` of the month `months` ahead, that day included or (`inclusive: false`) before it begins;
    - `until: field`, the date or time that a field of the case holds, whenever it is set;
    - `promise: field`, the time promised in the event that starts the clock, which binds; what a field states for a moment before
      it was given does not keep it;
    - `by: fact` with a limit for each value, and `otherwise`;
    - `unset`: time is measured and nobody alarmed; `blank`: mandatory, and not yet filled in by the company.

    `faster` lists limits that hold instead while a flag of the case is set; the first that is set counts.
    """

    minutes: Amount1 | None = None
    hours: Amount1 | None = None
    working_hours: Amount1 | None = None
    working_days: Count | None = None
    calendar_days: Count | None = None
    month_day: Annotated[StrictInt, Field(ge=1, le=31)] | None = None
    months: Count = 1
    inclusive: bool = True
    until: str | None = None
    promise: str | None = None
    by: str | None = None
    table: dict[str, "LimitSpelling"] = {}
    otherwise: "LimitSpelling | None" = None
    unset: bool = False
    blank: bool = False
    faster: tuple[FlaggedLimit, ...] = ()
    clause: TextList = ()

    @model_validator(mode="after")
    def _one_shape(self) -> Self:
        given = [shape for shape in _SHAPES if self._gives(shape)]
        if len(given) != 1:
            raise ValueError(f"say exactly one of {', '.join(_SHAPES)}; found {', '.join(given) or 'none'}")
        if self.by is not None and not self.table:
            raise ValueError(f"no limit for any value of {self.by!r}")
        if self.by is None and (self.table or self.otherwise):
            raise ValueError("a table of limits needs `by`: the fact that chooses")
        return self

    @cached_property
    def shape(self) -> str:
        """Return which shape is given: a unit, month_day, until, promise, by, unset or blank."""
        return next(shape for shape in _SHAPES if self._gives(shape))

    def _gives(self, shape: str) -> bool:
        # Zero is an amount: `working_days: 0` is the same day.
        return getattr(self, shape) is not None and getattr(self, shape) is not False

    @cached_property
    def is_amount(self) -> bool:
        """Tell whether the limit is an amount of time, the only kind that a pause can shift."""
        return self.shape in UNITS

    @cached_property
    def is_working(self) -> bool:
        """Tell whether the limit counts working time."""
        return self.shape in WORKING_UNITS

    def leaves(self) -> Iterator["Limit"]:
        """Yield every limit that this one can choose, itself if it chooses none."""
        for item in (*self.table.values(), *filter(None, [self.otherwise]), *(f.limit for f in self.faster)):
            yield from item.leaves()
        if self.by is None:
            yield self


LimitSpelling = Annotated[Limit, BeforeValidator(_limit)]
FlaggedLimit.model_rebuild(_types_namespace={"Limit": LimitSpelling})
Limit.model_rebuild()


def _cap(value: object) -> object:
    if not isinstance(value, dict) or not value or {"total", "each"} & set(value):
        return value
    return {"total": value}


class PauseCap(_Model):
    """How long pauses may stop a clock, in all and each; beyond it the clock runs on by itself."""

    total: Amount | None = None
    each: Amount | None = None


class PauseRule(_Model):
    """When a clock may rest: in these states, for these coded reasons, up to the cap.

    An event pauses the clock if it carries one of the reasons, leads into one of the states (where any are
    named) and, with `needs_evidence`, shows evidence.
    """

    in_: TextList = Field(default=(), alias="in")
    reasons: Annotated[TextList, Field(min_length=1)]
    cap: Annotated[PauseCap, BeforeValidator(_cap)] = PauseCap()
    needs_evidence: bool = False
    model_config = ConfigDict(frozen=True, extra="forbid", serialize_by_alias=True, validate_by_name=True)


class LadderStep(_Model):
    """One reminder: when (`50%`, `-2h`, `+1h`, `-1 working_day`), whom to tell, and what it marks.

    It is told in working hours unless it says `at_once`.
    """

    at: str
    tell: TextList = ()
    marks: Literal["late"] | None = None
    message: str | None = None
    delivery: Literal["working_hours", "at_once"] = "working_hours"
    clause: TextList = ()

    @model_validator(mode="after")
    def _readable(self) -> Self:
        if not STEP.match(self.at):
            raise ValueError(f"not a moment of a clock: {self.at!r}; write 50%, -2h, +1h or -1 working_day")
        return self


class ContactTask(_Model):
    """A task that a clock stands for, until the clock stops: what is to be done and by whom, as roles.

    It is raised with the clock, or only once the clock is `due`.
    """

    title: Titles
    to: Annotated[TextList, Field(min_length=1)]
    raised: Literal["at_start", "when_due"] = "at_start"


class ExtensionRule(_Model):
    """How often a clock may be extended and by how much in all; applied for before it is due."""

    times: Count = 1
    at_most: Amount | None = None
    clause: TextList = ()


class ClockRule(_Model):
    """One clock of a pack.

    `repeats`: `never` (the first start of a cycle counts), `after_stop` (a later start opens a new instance),
    `each_start` (every start ends the running instance and opens the next). `cycle: life` runs through
    reopenings. `runs_after_end` lets a clock survive the end of the case (archiving, follow-up). Statutory
    clocks never pause. `told_as` is the promise to whom it is shown, a sentence with the place `{{due_at}}`. `task` makes the
    running clock a task of people: somebody has to speak with the customer. A `rhythm` says how often the customer hears from the
    house: it is shown as the next word, and makes no case late.
    `no_later_than` names a field with a date or time that somebody outside set: where it is earlier, it governs.
    """

    id: Name
    title: Titles
    told_as: Titles = {}
    kind: Literal["internal", "statutory"] = "internal"
    calendar: str = "default"
    start: Triggers = ()
    stop: Triggers = ()
    when: Condition | None = None
    limit: LimitSpelling = Limit(unset=True)
    no_later_than: str | None = None
    counts: Literal["from_next_day", "same_day", "next_working_moment"] = "from_next_day"
    ends: Literal["close_of_business", "midnight", "same_time"] | None = None
    roll: Literal["none", "next_working_day"] = "none"
    pause: PauseRule | None = None
    cycle: Literal["cycle", "life"] = "cycle"
    repeats: Literal["never", "after_stop", "each_start"] = "never"
    runs_after_end: bool = False
    extend: ExtensionRule | None = None
    ladder: tuple[LadderStep, ...] = ()
    shown_to: TextList = ()
    task: ContactTask | None = None
    rhythm: bool = False
    clause: TextList = ()

    @cached_property
    def is_settled(self) -> bool:
        """Whether the limit is the same whatever is known of a case."""
        limit = self.limit
        return not (limit.by or limit.faster or limit.until or limit.promise or self.no_later_than)

    @model_validator(mode="before")
    @classmethod
    def _promise_starts_itself(cls, value: object) -> object:
        """A promise starts with the field that holds it, and each new promise opens a new instance."""
        if not isinstance(value, dict):
            return value
        limit = value.get("limit")
        if not (isinstance(limit, dict) and limit.get("promise")):
            return value
        defaults = {"start": [{"field_set": limit["promise"]}], "repeats": "each_start"}
        return {**defaults, **value}

    @model_validator(mode="after")
    def _sound(self) -> Self:
        if not self.title.get("zh-Hans"):
            raise ValueError(f"{self.id}: the title needs zh-Hans")
        if not self.start:
            raise ValueError(f"{self.id}: nothing starts this clock")
        if self.kind == "statutory" and self.pause is not None:
            raise ValueError(f"{self.id}: a statutory clock never pauses")
        leaves = list(self.limit.leaves())
        if self.pause is not None and not any(limit.is_amount or limit.unset for limit in leaves):
            raise ValueError(f"{self.id}: a promised or fixed date is not moved by a pause")
        steps = [step.at for step in self.ladder]
        if len(steps) != len(set(steps)):
            raise ValueError(f"{self.id}: the ladder has two steps at the same moment")
        if self.cycle == "life" and self.repeats != "never":
            raise ValueError(f"{self.id}: a clock of the whole life does not repeat")
        return self
