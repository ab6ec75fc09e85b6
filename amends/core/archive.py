"""The check list of a file: what it must hold before it is archived."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from amends.core.facts import CaseFacts
from amends.core.policy.base import Title
from amends.core.policy.conditions import holds
from amends.core.policy.lifecycle import Process, Transition
from amends.core.policy.pack import ArchiveItem, Pack
from amends.core.verbs import TAKE_OVER

EVIDENCE_IN_WORDS = "add_evidence"
"""The verb that gives evidence, which is a text where there is no file."""


@dataclass(frozen=True, slots=True)
class CheckedItem:
    """One item of the check list of a case, and whether the file holds it."""

    title: Title
    is_there: bool
    is_needed: bool = True


def check_list(pack: Pack, facts: CaseFacts, *, doing: str | None = None) -> list[CheckedItem]:
    """The items that this case needs in its file. What the verb that is being done brings along counts as there."""
    items = pack.head.archive.items if pack.head.archive else ()
    # A case that exists was registered; what is being done counts as done.
    done = {*facts.done, "register", *([doing] if doing else [])}
    has_evidence = bool(facts.value("evidence_count")) or EVIDENCE_IN_WORDS in done
    asked = [item for item in items if holds(item.when, facts)]
    return [CheckedItem(item.title, _is_there(item, pack, done, has_evidence), item.needed) for item in asked]


def missing_from_file(pack: Pack, process: Process, facts: CaseFacts, transition: Transition) -> list[Title]:
    """What the file lacks for a transition that archives it; nothing for others and for cases taken over."""
    target = process.states.get(transition.target(facts.state))
    if target is None or target.category != "archived" or transition.verb == TAKE_OVER:
        return []
    return [
        item.title for item in check_list(pack, facts, doing=transition.verb) if item.is_needed and not item.is_there
    ]


def _is_there(item: ArchiveItem, pack: Pack, done: set[str], has_evidence: bool) -> bool:
    """An item of a verb or form is there once that was done; one of evidence alone needs evidence."""
    if item.evidence and not (item.verb or item.form):
        return has_evidence
    if item.verb:
        return item.verb in done
    return not item.form or bool(_verbs_with_form(pack, item.form) & done)


def _verbs_with_form(pack: Pack, form: str) -> set[str]:
    verbs = {t.verb for t in pack.lifecycle.transitions if t.form == form}
    return verbs | ({"register"} if any(kind.form == form for kind in pack.channels.kinds.values()) else set())


def kept_until(pack: Pack, archived_on: date) -> date | None:
    """The last day on which a file has to be kept; None for one that is kept for good."""
    years = pack.head.archive.keep_years if pack.head.archive else None
    if years is None:
        return None
    try:
        return archived_on.replace(year=archived_on.year + years)
    except ValueError:
        # The 29th of February has no anniversary in most years.
        return archived_on.replace(year=archived_on.year + years, day=28)
