"""`problems(pack)`: everything that keeps a pack from being right, in sentences an administrator can act on."""

from collections.abc import Iterable, Iterator

from amends.core.policy.examples import Calendars
from amends.core.policy.pack import Pack
from amends.core.policy.problems.asking import asking_problems
from amends.core.policy.problems.clauses import clause_problems
from amends.core.policy.problems.clocks import clock_problems
from amends.core.policy.problems.conditions import condition_problems
from amends.core.policy.problems.documents import document_problems
from amends.core.policy.problems.example_runs import example_problems
from amends.core.policy.problems.forms import form_problems
from amends.core.policy.problems.keywords import keyword_problems
from amends.core.policy.problems.kpis import kpi_problems
from amends.core.policy.problems.lifecycle import lifecycle_problems
from amends.core.policy.problems.mail import mail_problems
from amends.core.policy.problems.names import name_problems
from amends.core.policy.problems.portal import portal_problems, unspoken_problems
from amends.core.policy.problems.proceedings import proceeding_problems
from amends.core.policy.problems.reasons import reason_problems
from amends.core.policy.problems.registers import register_problems
from amends.core.policy.problems.report import Path, Problem
from amends.core.policy.problems.sending import sending_problems
from amends.core.policy.problems.shape import Reading, read_with_problems
from amends.core.policy.problems.templates import template_problems
from amends.core.policy.problems.texting import texting_problems
from amends.core.policy.problems.training import training_problems
from amends.core.policy.problems.validity import Validity, overlap_problems, validity_problems
from amends.core.policy.problems.warnings import warning_problems
from amends.core.policy.problems.ways_in import way_in_problems
from amends.core.policy.problems.wording import message_problems, number_problems, translation_problems
from amends.core.policy.problems.world import World

__all__ = ["Path", "Problem", "Reading", "Validity", "overlap_problems", "problems", "read_with_problems"]

_CHECKS = (
    validity_problems,
    number_problems,
    name_problems,
    condition_problems,
    lifecycle_problems,
    proceeding_problems,
    register_problems,
    template_problems,
    asking_problems,
    clock_problems,
    form_problems,
    keyword_problems,
    message_problems,
    portal_problems,
    way_in_problems,
    texting_problems,
    sending_problems,
    reason_problems,
    mail_problems,
    kpi_problems,
    document_problems,
    warning_problems,
    training_problems,
    clause_problems,
)


def problems(
    pack: Pack,
    *,
    calendars: Calendars | None = None,
    shipped: bool = False,
    left_out: Iterable[str] = (),
    left_out_parts: Iterable[str] = (),
    unread: Iterable[str] = (),
) -> list[Problem]:
    """Every defect of meaning in a pack whose shape is right, each once.

    `calendars` gives the working calendar by the name of its hours and lets the pack's examples run; they are left out
    where a part could not be read. `shipped` also asks for English titles. `left_out`, `left_out_parts` and `unread` come
    from `read_with_problems`: what is missing for a reason already reported.
    """
    world = World(pack, frozenset(left_out), frozenset(left_out_parts), frozenset(unread))
    found = list(dict.fromkeys(_all_problems(world, shipped)))
    if calendars is not None and not world.left_out_parts and not any(p.code in _UNSOUND for p in found):
        found += example_problems(world, calendars)
    return found


_UNSOUND = frozenset({"unknown_form", "unknown_state", "unknown_kind", "unknown_function", "unknown_hours"})
"""Defects under which a rule can not even be asked."""


def _all_problems(world: World, shipped: bool) -> Iterator[Problem]:
    for check in _CHECKS:
        yield from check(world)
    if shipped:
        yield from translation_problems(world)
        yield from unspoken_problems(world)
