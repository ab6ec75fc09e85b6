"""The standard beside the policy: which clauses of a company's policy carry out which clause of ISO 10002:2018 and GB/T 19012.

The mapping is one data file with numbers and own words; the text of the standard is nowhere in the product.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from pydantic import Field, ValidationError

from amends.apps.policies.files import PackFolder, read_yaml
from amends.core.policy.base import Piece, Title
from amends.core.policy.lifecycle import Process
from amends.core.policy.pack import Pack

FILE = Path(__file__).with_name("standards.yaml")


class StandardClause(Piece):
    """One clause of the standard by its number, and what carries it out: stages of the process, parts of the policy, pages of the product."""

    no: str = Field(pattern=r"^[4-8](\.[0-9]{1,2})?$")
    title: Title
    chapter: bool = False
    stages: tuple[str, ...] = ()
    parts: tuple[str, ...] = ()
    says: Title | None = None
    pages: tuple[str, ...] = ()


class Standard(Piece):
    """A standard as the mapping has it."""

    id: str
    title: Title
    clauses: tuple[StandardClause, ...]


def read_standard(file: Path) -> Standard:
    """The mapping in a file. Raises ValueError, with the place, for what can not be read."""
    found = PackFolder(file.parent)
    raw = read_yaml(found, file, ("standard",))
    if found.problems:
        raise ValueError(found.problems[0].message_en)
    try:
        return Standard.model_validate(raw)
    except ValidationError as error:
        raise ValueError(f"{file.name}: {error}") from error


@lru_cache(maxsize=1)
def the_standard() -> Standard:
    """The mapping that comes with the product."""
    return read_standard(FILE)


def faults_of(standard: Standard, packs: Sequence[Pack], pages: Collection[str]) -> list[str]:
    """A sentence for everything the mapping names that does not exist: stages, parts and pages; and for numbers that stand twice."""
    stages = {state.stage for pack in packs for state in pack.lifecycle.states.values()}
    found, seen = [], set[str]()
    for clause in standard.clauses:
        if clause.no in seen:
            found.append(f"{clause.no} stands twice.")
        seen.add(clause.no)
        found += [f"{clause.no}: no policy has a state of the stage {s}." for s in clause.stages if s not in stages]
        found += [f"{clause.no}: a policy has no part {p}." for p in clause.parts if p not in Pack.model_fields]
        found += [f"{clause.no}: there is no page {p}." for p in clause.pages if p not in pages]
        if not clause.chapter and not (clause.stages or clause.parts or clause.says):
            found.append(f"{clause.no}: nothing carries it out.")
    missing = sorted(stages - {s for clause in standard.clauses for s in clause.stages})
    return found + [f"the stage {stage} of a policy stands nowhere in the mapping." for stage in missing]


@dataclass(frozen=True, slots=True)
class Carried:
    """A clause of the standard with the clauses of the policy that carry it out."""

    clause: StandardClause
    by: tuple[str, ...]


def carried_out(standard: Standard, pack: Pack) -> list[Carried]:
    """Every clause of the standard with those of the policy that belong to it: by the stage of a step, and by the part they are written in."""
    by_stage, by_part = _by_stage(pack), _by_part(pack)
    return [
        Carried(one, tuple(dict.fromkeys([*_named(by_stage, one.stages), *_named(by_part, one.parts)])))
        for one in standard.clauses
    ]


def _named(found: Mapping[str, Sequence[str]], names: Sequence[str]) -> Iterator[str]:
    for name in names:
        yield from found.get(name, ())


def _by_stage(pack: Pack) -> dict[str, list[str]]:
    """The clauses of a stage: those of its states, and of the steps that lead out of them, or found a case there."""
    found: dict[str, list[str]] = {}
    process: Process = pack.lifecycle
    for name, state in process.states.items():
        of = found.setdefault(state.stage, [])
        of += state.clause
        for step in process.transitions:
            if (step.to != "same" and name in step.from_) or (not step.from_ and step.to == name):
                of += step.clause
    return found


def _by_part(pack: Pack) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for path, clauses in pack.ruled_pieces():
        found.setdefault(path.partition(".")[0], []).extend(clauses)
    return found


def summed(carried: Carried, clauses: Mapping[str, Mapping[str, Any]]) -> dict[str, int]:
    """How often the policy's clauses behind a clause of the standard applied, by verdict."""
    behind = [clauses[name] for name in carried.by if name in clauses]
    return {name: sum(one[name] for one in behind) for name in ("applied", "kept", "running", "broken")}
