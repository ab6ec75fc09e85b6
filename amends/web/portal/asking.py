"""A form of a pack as customers are asked it: their words, three pages, and what is folded away."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from amends.core.policy.forms import Field, Form
from amends.core.policy.pack import Pack

NOT_FOR_CUSTOMERS = frozenset({"person", "department", "team", "partner", "case", "file_of_case", "record", "computed"})
"""Fields that name people and units of the company, or are worked out: nobody outside fills them in."""

PAGES = ("matter", "story", "contact")
CONTACT = frozenset({"name", "phone", "email", "id_number", "address"})
TELLING = frozenset({"long_text", "rows", "files"})


def form_for_customers(form: Form, roles: frozenset[str]) -> Form:
    """The form in the words of customers, without fields that they neither see nor fill in."""
    return form.model_copy(update={"fields": tuple(_for_customers(form.fields, roles))})


def _for_customers(fields: Iterable[Field], roles: frozenset[str]) -> Iterable[Field]:
    for f in fields:
        if f.type in NOT_FOR_CUSTOMERS or (f.seen_by and not set(f.seen_by) & roles):
            continue
        inner = tuple(_for_customers(f.fields, roles))
        words = {"title": f.asked_as.title or f.title, "guidance": f.asked_as.hint} if f.asked_as else {}
        yield f.model_copy(update={**words, "fields": inner})


def as_customers_are_asked(pack: Pack) -> Pack:
    """The pack without hints for those who handle cases, and without the values that say that nothing is known yet."""
    known = [
        a.model_copy(update={"values": tuple(v for v in a.values if v.id != a.unknown)}) for a in pack.grading.axes
    ]
    grading = pack.grading.model_copy(update={"axes": tuple(known)})
    return pack.model_copy(update={"guidance": (), "grading": grading})


@dataclass(frozen=True, slots=True)
class Page:
    """One page of the form: its fields, and the ids of those that are folded away."""

    id: str
    form: Form
    folded: frozenset[str]


def pages_of(form: Form) -> tuple[Page, ...]:
    """The three pages of a form for customers, in order; the order of fields within a page is the form's."""
    ordered = _in_order(form)
    return tuple(_page(name, form, ordered) for name in PAGES)


def _in_order(form: Form) -> list[Field]:
    """The fields as the sections of the form lay them out."""
    order = {name: n for n, name in enumerate(name for _, names in form.sections for name in names)}
    return sorted(form.fields, key=lambda f: order.get(f.id, len(order)))


def _page(name: str, form: Form, ordered: list[Field]) -> Page:
    own = tuple(f for f in ordered if page_of(f) == name)
    # What is there to be chosen or said in a line comes before long texts, and files come last.
    own = tuple(sorted(own, key=lambda f: (f.type == "files", _is_folded(f))))
    folded = frozenset(f.id for f in own if _is_folded(f))
    return Page(name, form.model_copy(update={"fields": own, "sections": ()}), folded)


def page_of(f: Field) -> str:
    """On which page a field is asked: where the pack says so, else by what it is."""
    place = f.asked_as.at if f.asked_as else None
    if place in PAGES:
        return str(place)
    if f.id.startswith("complainant_") or f.personal in CONTACT:
        return "contact"
    if place is None and (f.id == "subject" or f.type == "category"):
        return "matter"
    return "story"


def _is_folded(f: Field) -> bool:
    """Whether a field waits in a fold: the pack says so, or it is optional and the pack says nothing."""
    if f.asked_as and f.asked_as.at:
        return f.asked_as.at == "more"
    if f.id.startswith("complainant_"):
        return f.id not in ("complainant_name", "complainant_phone", "complainant_email")
    return f.required is False and f.when is None and f.type not in TELLING and f.id != "subject"
