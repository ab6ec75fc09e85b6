"""The panels about papers and the archive that the pages of cases and proceedings include."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django import template

from amends.core.archive import check_list, kept_until
from amends.doors.papers.finding import filled_in, papers_of_case, papers_of_proceeding
from amends.doors.papers.proceedingfile import ProceedingFile
from amends.web.addresses import address_of

register = template.Library()

NAME = "name-of-the-paper"
"""Stands in an address until papers are named: a page names a dozen, and the way to them is looked up once."""


@dataclass(frozen=True, slots=True)
class Paper:
    """A paper that can be had: its title, and the addresses of its two forms."""

    title: str
    pdf: str
    word: str


def _papers(titles: Mapping[str, str], route: str, key: object) -> list[Paper]:
    pdf, word = address_of(route, key, NAME), address_of(f"{route}_word", key, NAME)
    return [Paper(title, pdf.replace(NAME, name), word.replace(NAME, name)) for name, title in titles.items()]


@register.inclusion_tag("papers/_papers_panel.html", takes_context=True)
def papers_panel(context: dict[str, Any], seen: Any) -> dict[str, Any]:
    """The printed forms of a case: the one it was registered with first, the others below, and the cover of its file."""
    papers = papers_of_case(seen)
    kind = seen.pack.channels.kinds.get(seen.case.kind)
    first = kind.form if kind and kind.form in papers else next(iter(papers))
    others = {name: title for name, title in papers.items() if name != first}
    return {
        "csrf_token": context.get("csrf_token"),
        "case": seen.case,
        "papers": _papers({first: papers[first]}, "printed", seen.case.number),
        "more": _papers(others, "printed", seen.case.number),
        "may_print": seen.may("print"),
        "may_reveal": seen.may("reveal"),
        "has_duties": bool(seen.pack.routing.duties),
    }


@register.inclusion_tag("papers/_proceeding_papers_panel.html", takes_context=True)
def proceeding_papers_panel(context: dict[str, Any], seen: Any) -> dict[str, Any]:
    """The printed forms of a proceeding: those with something on them first, those still to be filled in below."""
    file = ProceedingFile(seen.viewer, seen.proceeding)
    file.entries, file.actor = seen.entries, seen.actor
    titles, filled = papers_of_proceeding(file), filled_in(file)
    key = seen.proceeding.pk
    return {
        "csrf_token": context.get("csrf_token"),
        "papers": _papers({n: t for n, t in titles.items() if n in filled}, "paper_in", key),
        "more": _papers({n: t for n, t in titles.items() if n not in filled}, "paper_in", key),
        "may_print": file.may("print"),
        "may_reveal": file.may("reveal"),
    }


@register.inclusion_tag("papers/_archive_panel.html", takes_context=True)
def archive_panel(context: dict[str, Any], seen: Any) -> dict[str, Any]:
    """What the file of a case must hold and lacks, until when it is kept, and how to have it packed."""
    items = check_list(seen.pack, seen.facts)
    archived_on = seen.case.archived_on
    return {
        "csrf_token": context.get("csrf_token"),
        "case": seen.case,
        "items": items,
        "missing": sum(item.is_needed and not item.is_there for item in items),
        "archived_on": archived_on,
        "until": kept_until(seen.pack, archived_on) if archived_on else None,
        "may_export": seen.may("export"),
    }
