"""Clauses and rules: every clause that the pack itself keeps is named by a rule, and every rule names known clauses."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from pydantic import BaseModel

from amends.core.policy.pack import Pack
from amends.core.policy.problems.report import Path, Problem
from amends.core.policy.problems.world import World

_WRITTEN_AS = {"from_": "from", "in_": "in", "is_": "is", "register_": "register"}


def named_clauses(pack: Pack) -> Iterator[tuple[Path, str]]:
    """Every clause that any piece of the pack names, with the path of the piece."""
    for name in type(pack).model_fields:
        if name not in ("clauses", "examples"):
            yield from _named((name,), getattr(pack, name))


def _named(path: Path, piece: Any) -> Iterator[tuple[Path, str]]:
    if isinstance(piece, BaseModel):
        for name in type(piece).model_fields:
            value = getattr(piece, name)
            if name == "clause":
                yield from (((*path, "clause"), clause) for clause in value)
            else:
                yield from _named((*path, _WRITTEN_AS.get(name, name)), value)
    elif isinstance(piece, Mapping):
        for key, value in piece.items():
            if key == "clause" and isinstance(value, list | tuple | str):
                named = [value] if isinstance(value, str) else value
                yield from (((*path, "clause"), str(clause)) for clause in named)
            else:
                yield from _named((*path, key), value)
    elif isinstance(piece, list | tuple):
        for index, value in enumerate(piece):
            yield from _named((*path, index), value)


def clauses_with_a_rule(pack: Pack, left_out: Collection[str] = ()) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The clauses of topic core with a rule (or kept by the product), and those that still need one, in order."""
    named = {clause for _, clause in named_clauses(pack)} | set(left_out)
    due = [clause for clause in pack.clauses if clause.topic == "core"]
    ruled = tuple(c.id for c in due if c.id in named or c.kept_by != "pack")
    return ruled, tuple(c.id for c in due if c.id not in ruled)


def clause_problems(world: World) -> Iterator[Problem]:
    pack = world.pack
    named = [*named_clauses(pack), *_named_by_examples(pack)]
    known = {clause.id for clause in pack.clauses}
    if "clauses" not in world.left_out_parts:
        yield from (_unknown(path, clause_id) for path, clause_id in named if clause_id not in known)
    in_rules = {clause_id for path, clause_id in named if path[0] != "examples"}
    seen: set[str] = set()
    for index, clause in enumerate(pack.clauses):
        if clause.id in seen:
            yield Problem(
                ("clauses", index), "clause_twice", clause.id, "条款编号重复。", "this clause is listed twice."
            )
        seen.add(clause.id)
        unruled = clause.id not in in_rules and not world.is_missed(clause.id)
        if unruled and clause.topic == "core" and clause.kept_by == "pack":
            yield Problem(
                ("clauses", index), "clause_without_rule", clause.id,
                f"“{clause.title}”没有任何规则对应。", "no rule of the pack names this clause.",
            )  # fmt: skip


def _named_by_examples(pack: Pack) -> Iterator[tuple[Path, str]]:
    for index, example in enumerate(pack.examples):
        yield from ((("examples", index, "clause"), clause) for clause in example.clause)


def _unknown(path: Path, clause: str) -> Problem:
    return Problem(
        path, "unknown_clause", clause, "规则引用了 clauses.yaml 中没有的条款。",
        "a rule names this clause, which clauses.yaml does not have.",
    )  # fmt: skip
