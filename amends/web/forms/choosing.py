"""What may be chosen in a field, as a page lists it: options, categories, levels, departments, people."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext

from amends.apps.cases.proceedings.chosen_records import records_to_choose
from amends.core.facts import CaseFacts
from amends.core.form_data import options_of
from amends.core.grading import propose
from amends.core.measures import fitting_first
from amends.core.policy.forms import Field
from amends.core.policy.intake import CategoryNode, CategoryScheme
from amends.core.suggesting import suggest_categories
from amends.doors.wording import listed, words
from amends.web.forms.asked import Drawing
from amends.web.forms.drawn import Choice, DrawnField, Suggested

FEW = 7
"""Up to this many choices are drawn side by side; more of them go into a list."""

FEW_CATEGORIES = 10
"""A scheme of one level and so many values is drawn side by side: each has a key."""


@dataclass(frozen=True, slots=True)
class Choosing:
    """What the choices of a form depend on: the drawing, what was entered, and the facts as they would be."""

    what: Drawing
    data: Mapping[str, Any]
    known: CaseFacts
    told: str

    def fill(self, f: Field, drawn: DrawnField) -> None:
        """Give the field its choices, and the widget in which they are chosen."""
        chosen = {str(value) for value in listed_values(drawn.value)}
        if f.type in ("choice", "choices"):
            drawn.choices = [Choice(k, words(t), is_chosen=k in chosen) for k, t in self._options(f).items()]
            drawn.widget = _widget_for(f.type, len(drawn.choices))
        elif f.type == "yes_no":
            drawn.choices = [Choice(v, words(v == "yes"), is_chosen=v in chosen) for v in ("yes", "no")]
            drawn.widget = "pills"
        elif f.type == "axis":
            self._fill_axis(f, drawn, chosen)
        elif f.type == "category":
            self._fill_category(f, drawn, chosen)
        elif f.type in ("department", "team"):
            self._fill_departments(f, drawn, chosen)
        elif f.type == "person":
            self._fill_people(f, drawn, chosen)
        elif f.type == "partner":
            self._fill_partners(drawn, chosen)
        elif f.type == "record":
            self._fill_records(f, drawn, chosen)
        elif f.type == "file_of_case":
            drawn.choices = [Choice(k, name, is_chosen=k in chosen) for k, name in self.what.files]
            drawn.widget = "select"
        elif f.type == "number" and f.id == "item" and self.what.settles:
            drawn.choices = list(self._items(drawn.value))
            drawn.widget = "select"

    def _options(self, f: Field) -> dict[str, Any]:
        """The choices of a field; measures that fit the category of the case come first."""
        options = options_of(f, self.what.pack)
        if f.options_from != "measures":
            return options
        return fitting_first(options, self.what.pack, {**self.what.facts.values, **self.data})

    def _items(self, raw: Any) -> Iterable[Choice]:
        labels = self.what.labels.get(self.what.settles, {})
        for item in self.what.facts.open_items(self.what.settles):
            label = labels.get(item["no"], "")
            title = gettext("第 %(n)s 项") % {"n": item["no"]} + (gettext("：") + label if label else "")
            yield Choice(str(item["no"]), title, is_chosen=str(item["no"]) == str(raw))

    def _fill_axis(self, f: Field, drawn: DrawnField, chosen: set[str]) -> None:
        drawn.widget = "pills"
        axis = self.what.pack.grading.axis(f.axis or "")
        if axis is None:
            return
        proposal = propose(axis, self.known)
        proposes = f.id in self.what.graded and proposal.value is not None
        for value in axis.values:
            note = words(value.meaning) if value.meaning else ""
            suggested = proposes and value.id == proposal.value
            drawn.choices.append(
                Choice(value.id, words(value.title), note=note, is_chosen=value.id in chosen, is_proposed=suggested)
            )
        if proposes:
            title = words(axis.title_of(proposal.value or ""))
            reasons = [c.title for c in axis.criteria if c.id in proposal.criteria]
            because = gettext("（依据：%(reasons)s）") % {"reasons": listed(reasons)} if reasons else ""
            self._propose(drawn, title, because, chosen)

    def _propose(self, drawn: DrawnField, title: str, because: str, chosen: set[str]) -> None:
        """Say what is proposed and, where nothing has to be chosen, offer to follow it."""
        drawn.proposal = gettext("系统建议：%(value)s") % {"value": title} + because
        if not drawn.required:
            drawn.choices.insert(0, Choice("", gettext("按建议：%(value)s") % {"value": title}, is_chosen=not chosen))

    def _fill_category(self, f: Field, drawn: DrawnField, chosen: set[str]) -> None:
        scheme = self.what.pack.categories.scheme(f.scheme or "")
        if scheme is None:
            return
        drawn.choices = list(_categories(scheme.values, "", (), chosen))
        is_flat = all(not node.children for node in scheme.values) and len(drawn.choices) <= FEW_CATEGORIES
        drawn.widget = "checks" if scheme.several else "pills" if is_flat else "picker"
        drawn.suggests = self.what.suggests and any(node.keywords for _, node in scheme.walk())
        if drawn.suggests:
            drawn.suggested = suggested_in(scheme, self.told, chosen)

    def _fill_departments(self, f: Field, drawn: DrawnField, chosen: set[str]) -> None:
        drawn.widget = "select"
        for unit in self.what.departments:
            drawn.choices.append(
                Choice(str(unit.id), words(unit.title), depth=unit.depth, is_chosen=str(unit.id) in chosen)
            )
        if f.id == "department" and self.what.department is not None:
            title = next((words(u.title) for u in self.what.departments if u.id == self.what.department), "")
            self._propose(drawn, title, self.what.department_reason, chosen)

    def _fill_partners(self, drawn: DrawnField, chosen: set[str]) -> None:
        drawn.widget = "select"
        drawn.choices = [Choice(str(k), name, is_chosen=str(k) in chosen) for k, name in self.what.partners]
        if drawn.choices or self.what.desk is None:
            return
        said = gettext("尚未登记合作伙伴，请管理员在“组织 › 合作伙伴”中登记。")
        drawn.guidance, drawn.hints = said, [text for text in (drawn.guidance, *drawn.hints) if text]

    def _fill_records(self, f: Field, drawn: DrawnField, chosen: set[str]) -> None:
        drawn.widget = "select"
        if f.record is not None and self.what.desk is not None:
            found = records_to_choose(self.what.desk, f.record)
            drawn.choices = [Choice(number, said, is_chosen=number in chosen) for number, said in found]

    def _fill_people(self, f: Field, drawn: DrawnField, chosen: set[str]) -> None:
        drawn.widget = "people"
        known = self.what.pack.roles.roles
        for person in self._people_for(f):
            held = [words(known[role].title) for role in person.roles if role in known]
            note = gettext("（%(roles)s）") % {"roles": listed(held)} if held else ""
            if person.away:
                deputy = gettext("，代理人：%(name)s") % {"name": person.deputy} if person.deputy else ""
                note += gettext("（不在岗%(deputy)s）") % {"deputy": deputy}
            drawn.choices.append(
                Choice(
                    str(person.id),
                    person.name + note,
                    group=words(person.department_title),
                    is_chosen=str(person.id) in chosen,
                    is_closed=person.away and f.id == "handler",
                )  # fmt: skip
            )

    def _people_for(self, f: Field) -> list[Any]:
        """For the handler, the department's people first; everybody else after them, since heads may sit elsewhere."""
        if f.id != "handler":
            return self.what.people
        place = self.data.get("department") or self.what.department or self.what.facts.department
        path = next((u.path for u in self.what.departments if str(u.id) == str(place)), None)
        if path is None:
            return self.what.people
        inside = {u.id for u in self.what.departments if u.path.startswith(path)}
        return sorted(self.what.people, key=lambda person: person.department not in inside)


def suggested_in(scheme: CategoryScheme, told: str, chosen: Iterable[str]) -> list[Suggested]:
    """The categories that a told text speaks of and that are not chosen yet, each with the words that say so."""
    nodes = dict(scheme.walk())
    found = suggest_categories(scheme, told, at_most=3 if scheme.several else 1)
    return [
        Suggested(one.path, words(nodes[one.path].title), _because(one.words))
        for one in found
        if one.path not in set(chosen)
    ]


def _because(found: Iterable[str]) -> str:
    quoted = [gettext("“%(word)s”") % {"word": word} for word in found]
    return gettext("因为提到%(words)s") % {"words": "".join(quoted[:4])}


def _widget_for(kind: str, count: int) -> str:
    if kind == "choices":
        return "checks"
    return "pills" if count <= FEW else "select"


def listed_values(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value] if value not in ("", None) else []


def _categories(
    nodes: tuple[CategoryNode, ...], prefix: str, above: tuple[str, ...], chosen: set[str]
) -> Iterable[Choice]:
    for node in nodes:
        if node.retired:
            continue
        path, title = prefix + node.id, words(node.title)
        below = any(not child.retired for child in node.children)
        yield Choice(
            path, title, depth=len(above), is_chosen=path in chosen, group=" › ".join(above), words=" ".join(node.keywords),
            has_finer=below,
        )  # fmt: skip
        yield from _categories(node.children, path + "/", (*above, title), chosen)
