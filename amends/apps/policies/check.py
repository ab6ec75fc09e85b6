"""What `amends pack check` finds in a folder: every problem with file, line and key, and the clauses without a rule."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from importlib.metadata import version as installed_version
from pathlib import Path
from typing import Any

from amends.apps.policies.files import PackFolder, Place, read_calendar_files, read_folder
from amends.core.calendars import RegionYear, compose_calendar, read_region_year
from amends.core.policy.pack import Pack
from amends.core.policy.problems import Problem, Validity, overlap_problems, problems, read_with_problems
from amends.core.policy.problems.clauses import clauses_with_a_rule
from amends.core.working_time import WorkingCalendar

UNREAD = frozenset({"no_folder", "unreadable", "yaml", "large"})
"""Codes of problems of a file of which nothing is known therefore."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the answer."""

    place: Place
    problem: Problem
    refers: tuple[Place, ...] = ()

    def text(self, language: str = "en") -> str:
        """`clocks.yaml:21  handling: no limit for class "urgent" …`; other files of the pack by their short name."""
        mark = {"en": "(warning) ", "zh": "（提醒）"}[language] if self.problem.warning else ""
        return f"{self.place}  {mark}{self.problem.sentence(language, map(self._short, self.refers))}"

    def _short(self, place: Place) -> str:
        return f"{place.file.name}:{place.line}"

    def data(self) -> dict[str, Any]:
        places = [self._short(place) for place in self.refers]
        return {
            "file": str(self.place.file),
            "line": self.place.line,
            "path": ".".join(map(str, self.problem.path)),
            "key": self.problem.key,
            "code": self.problem.code,
            "warning": self.problem.warning,
            "message": self.problem.sentence("zh", places),
            "message_en": self.problem.sentence("en", places),
        }


@dataclass(frozen=True, slots=True)
class Check:
    """The answer for one folder. `pack` is None when the folder could not be read as one."""

    folder: Path
    lines: tuple[Line, ...]
    files: int
    pack: Pack | None
    raw: dict[str, Any]
    ruled: tuple[str, ...]
    unruled: tuple[str, ...]

    @property
    def faults(self) -> tuple[Line, ...]:
        """The lines that keep the pack from being published."""
        return tuple(line for line in self.lines if not line.problem.warning)

    def summary(self, language: str = "en") -> str:
        """The last line: problems, files, and clauses with a rule."""
        faults, total = len(self.faults), len(self.ruled) + len(self.unruled)
        if language == "zh":
            without = f"（{'、'.join(self.unruled)} 没有）" if self.unruled else ""
            return f"{self.files} 个文件中有 {faults} 个问题；{total} 条条款中 {len(self.ruled)} 条有规则{without}。"
        have = "has" if len(self.unruled) == 1 else "have"
        without = f" ({', '.join(self.unruled)} {have} none)" if self.unruled else ""
        problems_, files = _counted(faults, "problem"), _counted(self.files, "file")
        return f"{problems_} in {files}; {len(self.ruled)} of {total} clauses have a rule{without}."

    def data(self) -> dict[str, Any]:
        return {
            "folder": str(self.folder),
            "ok": not self.faults,
            "files": self.files,
            "clauses": len(self.ruled) + len(self.unruled),
            "clauses_with_a_rule": len(self.ruled),
            "clauses_without_a_rule": list(self.unruled),
            "problems": [line.data() for line in self.lines],
        }


def check_folder(folder: Path, *, calendars: Path, shipped: bool = False) -> Check:
    """Read and check one pack folder under the public holidays of the folder `calendars`; changes nothing.

    `shipped` asks for English titles.
    """
    found = read_folder(folder)
    reading = read_with_problems(found.raw)
    reported = [*found.problems, *reading.problems]
    left_out = reading.left_out | _unread_names(found)
    if reading.pack is not None:
        reported += problems(
            reading.pack,
            calendars=_calendars(reading.pack, calendars),
            shipped=shipped,
            left_out=left_out,
            left_out_parts=reading.left_out_parts,
            unread=reading.unread | _unread_forms(found),
        )
    ruled, unruled = clauses_with_a_rule(reading.pack, left_out) if reading.pack else ((), ())
    return Check(
        folder=folder,
        lines=tuple(sorted((_line(found, problem) for problem in reported), key=_order)),
        files=len(found.files),
        pack=reading.pack,
        raw=found.raw,
        ruled=ruled,
        unruled=unruled,
    )


def with_overlaps(checks: Sequence[Check], published: Mapping[str, Sequence[Validity]]) -> list[Check]:
    """The same checks, with a line for every version that claims days of another folder's or a published version."""
    return [_with_overlaps(check, _others(check, checks) + list(published.get(_id(check), ()))) for check in checks]


def _others(check: Check, checks: Sequence[Check]) -> list[Validity]:
    packs = [other.pack for other in checks if other is not check and _id(other) == _id(check)]
    return [Validity(p.version, p.head.valid_from, p.head.valid_until) for p in packs if p is not None]


def _id(check: Check) -> str:
    return check.pack.id if check.pack else ""


def _with_overlaps(check: Check, others: Sequence[Validity]) -> Check:
    if check.pack is None or not others:
        return check
    found = read_folder(check.folder)
    lines = [_line(found, problem) for problem in overlap_problems(check.pack, others)]
    return replace(check, lines=tuple(sorted([*check.lines, *lines], key=_order)))


def _unread(found: PackFolder) -> list[Problem]:
    return [problem for problem in found.problems if problem.code in ("yaml", "unreadable")]


def _unread_names(found: PackFolder) -> frozenset[str]:
    """The names of forms and proceedings whose file could not be read, and every clause that such a file names."""
    names: set[str] = set()
    for problem in _unread(found):
        names.update(map(str, problem.path[1:2]))
        text = found.place(problem.path).file.read_bytes().decode(errors="replace")
        names.update(re.findall(r"[A-Z][A-Z0-9]*(?:-[A-Za-z0-9.]+)+", text))
    return frozenset(names)


def _unread_forms(found: PackFolder) -> frozenset[str]:
    return frozenset({"forms"} if any(problem.path[0] == "forms" for problem in _unread(found)) else ())


def _calendars(pack: Pack, folder: Path) -> Callable[[str], WorkingCalendar]:
    tzdata = installed_version("tzdata")
    years = _region_years(folder)
    return lru_cache(lambda name: compose_calendar(pack.calendar, name, years, tzdata_version=tzdata))


@lru_cache(maxsize=4)
def _region_years(folder: Path) -> tuple[RegionYear, ...]:
    return tuple(read_region_year(content) for content in read_calendar_files(folder))


def _line(found: PackFolder, problem: Problem) -> Line:
    return Line(found.place(problem.path), problem, tuple(found.place(path) for path in problem.refers))


def _order(line: Line) -> tuple[bool, str, int, str]:
    """By file and line; first what could not be read at all, for most of the others follow from it."""
    return line.problem.code not in UNREAD, str(line.place.file), line.place.line, line.problem.code


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def is_pack_folder(folder: Path) -> bool:
    """Whether a folder of `packs/` is meant as a pack."""
    return folder.is_dir() and re.fullmatch(r"[a-z][a-z0-9_]*", folder.name) is not None
