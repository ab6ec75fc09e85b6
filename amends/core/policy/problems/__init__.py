"""`problems(pack)`: everything that keeps a pack from being right, in sentences an administrator can act on."""

from collections.abc import Iterable

from amends.core.policy.pack import Pack
from amends.core.policy.problems.clauses import clause_problems
from amends.core.policy.problems.report import Path, Problem
from amends.core.policy.problems.shape import Reading, read_with_problems

__all__ = ["Path", "Problem", "Reading", "problems", "read_with_problems"]

_CHECKS = (clause_problems,)


def problems(
    pack: Pack, *, left_out: Iterable[str] = (), left_out_parts: Iterable[str] = ()
) -> list[Problem]:
    """Every defect of meaning in a pack whose shape is right, in the order of its parts.

    `left_out` and `left_out_parts` come from `read_with_problems`: pieces missing for a reason already reported.
    """
    return [problem for check in _CHECKS for problem in check(pack)]
