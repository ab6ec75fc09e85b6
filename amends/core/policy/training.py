"""training.yaml: what staff have to learn, with its material and question banks, and how the effect of training is measured."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from amends.core.policy.base import Name, Piece, Ruled, Title


class ExamQuestion(Piece):
    """One question of a bank: `single` has one right option, `several` at least two, `true_false` is right or wrong.

    `explains` is shown once the test was handed in.
    """

    id: Name
    title: Title
    type: Literal["single", "several", "true_false"] = "single"
    options: dict[Name, Title] = {}
    right: tuple[Name, ...] = Field(min_length=1)
    explains: Title | None = None

    @model_validator(mode="after")
    def _can_be_answered(self) -> ExamQuestion:
        if (self.type == "true_false") == bool(self.options):
            raise ValueError(f"{self.id}: options belong to single and several, and to them alone")
        known = set(self.options) or {"yes", "no"}
        if not set(self.right) <= known:
            raise ValueError(f"{self.id}: what is right must be one of the options")
        if (self.type == "several") == (len(self.right) == 1):
            raise ValueError(f"{self.id}: several right answers make the type several, one of them makes another")
        return self


class Bank(Ruled):
    """Questions from which the tests of a module are drawn."""

    title: Title
    questions: tuple[ExamQuestion, ...] = Field(min_length=1)


class Reading(Ruled):
    """A piece of material, or an exercise: read as it stands, paragraph by paragraph."""

    title: Title
    text: Title


class Renewal(Piece):
    """What makes a passed module due again: a new version of the policy has to be confirmed, or so many days went by."""

    policy_version: bool = False
    every_days: int | None = Field(default=None, ge=1, le=3660)


class Module(Ruled):
    """One training module. It is for whoever holds one of the roles in `for`, and for those to whom a trainer gives it.

    A test draws `draw` questions of `bank`; from `pass_mark` percent on it is passed. `attempts` tests may be taken until a trainer
    gives the module again. `practice` leads to the practice desk; `studies` lets trainers add published case studies.
    """

    title: Title
    aim: Title
    for_: tuple[Name, ...] = Field(default=(), alias="for")
    materials: tuple[Reading, ...] = Field(min_length=1)
    exercises: tuple[Reading, ...] = ()
    bank: Name
    draw: int = Field(ge=1, le=50)
    pass_mark: int = Field(default=80, ge=1, le=100)
    attempts: int = Field(default=3, ge=1, le=20)
    renewed_by: Renewal = Renewal()
    practice: bool = False
    studies: bool = False


class Sessions(Ruled):
    """In which proceedings of the desk sessions are planned and held, and which of their fields say what.

    `planned` names the rows of the people invited and the person in them; `attendance` the rows with who came, `person`, `attended`,
    `result` and `involvement` its fields. `department` and `category` are whom and which cause the session was planned for.
    `evaluated` is the field with the overall value of the evaluation; `records` are the forms of its evidence.
    """

    proceeding: Name
    day: Name
    modules: Name
    planned: str = Field(pattern=r"^[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*$")
    attendance: Name
    person: Name
    attended: Name
    result: Name
    involvement: Name
    best_involvement: int = Field(default=5, ge=2, le=10)
    department: Name | None = None
    category: Name | None = None
    evaluated: Name | None = None
    records: tuple[Name, ...] = ()

    def planned_rows(self) -> tuple[str, str]:
        """The rows of the people invited, and the field with the person."""
        rows, _, person = self.planned.partition(".")
        return rows, person


class Effect(Ruled):
    """How the effect of a session is measured: indicators over `window_days` before and after it, for the same people and cause.

    It is measured again `tracked_after` so many days; when a value is worse than at the date before by `margin` percent of it, a
    refresher is proposed.
    """

    window_days: int = Field(default=30, ge=7, le=366)
    tracked_after: tuple[int, ...] = (30, 90, 180)
    margin: int = Field(default=10, ge=0, le=100)
    indicators: tuple[Name, ...] = ()
    tracking_clause: tuple[str, ...] = ()


class QualityCheck(Ruled):
    """Which proceeding scores a closed case: `share` of a hundred are drawn; the value of a case is the mean of `scores`."""

    proceeding: Name
    scores: tuple[Name, ...] = Field(min_length=1)
    share: int = Field(default=10, ge=1, le=100)
    best: int = Field(default=5, ge=1)


class Studies(Ruled):
    """Which proceedings are case studies: they may be added to modules in one of `states`; learners read the fields in `shows`."""

    proceeding: Name
    states: tuple[Name, ...] = Field(min_length=1)
    shows: tuple[Name, ...] = Field(min_length=1)


class PerformanceRecord(Ruled):
    """What the record of a person shows: indicators of the policy, and proceedings (rewards, public praise) that name the person."""

    indicators: tuple[Name, ...] = ()
    proceedings: tuple[Name, ...] = ()


class Participation(Ruled):
    """That attendance and involvement are counted by person."""

    title: Title


class Training(Piece):
    """training.yaml as a whole. `certificate` is the pattern of the numbers of certificates."""

    modules: dict[Name, Module] = {}
    banks: dict[Name, Bank] = {}
    sessions: Sessions | None = None
    effect: Effect = Effect()
    quality: QualityCheck | None = None
    participation: Participation | None = None
    studies: Studies | None = None
    record: PerformanceRecord | None = None
    certificate: str = "ZS{year}-{seq:5}"
