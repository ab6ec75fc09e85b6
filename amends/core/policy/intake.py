"""What comes in: kinds of contact, channels and their classes, category schemes, and the measures on offer."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import Any, Literal

from pydantic import model_validator

from amends.core.policy.base import Name, Piece, Ruled, Title
from amends.core.policy.conditions import Condition


class Kind(Ruled):
    """A kind of contact (complaint, enquiry, feedback …). `counts` says whether it is in complaint figures.

    `offered_as` is the button under which customers find it.
    """

    title: Title
    offered_as: Title | None = None
    form: Name
    counts: bool = True
    internal: bool = False
    portal: bool = False


Known = Literal["person", "department", "received_at"]
"""What is known of every contact: who takes it in, the department they belong to, and when it was received."""


class Fill(Piece):
    """What a field is filled with when nobody filled it in: something `known`, the value of another field (`same_as`), or a
    `value` of the pack.
    """

    known: Known | None = None
    same_as: Name | None = None
    value: str | bool | None = None

    @model_validator(mode="before")
    @classmethod
    def _one_word_is_known(cls, raw: Any) -> Any:
        return {"known": raw} if isinstance(raw, str) else raw

    @model_validator(mode="after")
    def _has_one_source(self) -> Fill:
        if sum(given is not None for given in (self.known, self.same_as, self.value)) != 1:
            raise ValueError("what fills a field is person, department, received_at, {same_as: field} or {value: …}")
        return self


POST_FIELDS = (
    "post_platform", "post_platform_other", "post_author", "posted_at", "post_link", "post_text", "post_screenshots",
)  # fmt: skip
"""What is kept of a post that somebody found, in fields of the form by which it becomes a case."""


AppPart = Literal["customer_id", "text", "shipment", "demand", "category", "attachments"]
"""What the feedback function of an app may send beside the name and number of its customer."""


class AppFormat(Piece):
    """Where the parts go that the company's app sends, in the form of `kind` or of the kind it names; a part that a form has no
    field for is refused there. `fills` answers what the app does not ask: a value, or `{given: part}` for whether it was sent.
    """

    kind: Name
    fields: dict[AppPart, Name]
    fills: dict[Name, Any] = {}


class Monitored(Piece):
    """Who looks for posts about the company and hands them over: one becomes a case of `kind`. `note` says how they do it."""

    kind: Name
    by: tuple[Name, ...]
    note: Title | None = None


class Channel(Ruled):
    """A way in. `group` is the class the pack counts it under; `portal` opens it to the web form of customers.

    `poster` lets a poster with a QR code lead in under it. `fills` says what fields are filled with when nobody filled them
    in: the outlet and the employee at the counter, the number that called. Posts found under a `monitored` channel wait in a
    list of their own until they are handed over as a case, or ignored with a reason. `app` is how the company's app hands in
    feedback by the API. `attended` names the hours of the calendar in which somebody reads what comes in: outside them a case
    is `out_of_hours` and waits.
    """

    title: Title
    group: Name
    portal: bool = False
    poster: bool = False
    written: bool = False
    retired: bool = False
    fills: dict[Name, Fill] = {}
    monitored: Monitored | None = None
    app: AppFormat | None = None
    attended: Name | None = None


class MailIntake(Ruled):
    """What a mail founds that answers no case: a case of `kind`. `fills` gives fields of its form that no mail says: they
    hold until somebody who read the mail corrects them.
    """

    kind: Name
    fills: dict[Name, Any] = {}


class Channels(Piece):
    """channels.yaml: kinds, channels, the classes of channels, and what a mail founds."""

    kinds: dict[Name, Kind]
    groups: dict[Name, Title]
    channels: dict[Name, Channel]
    mail: MailIntake | None = None


class CategoryNode(Ruled):
    """A category; children refine it. A stored value is the path, for example `quality/damage`.

    `asks` names form fields that become due; `marks` sets facts (for example a key complaint); `common` maps to the
    reporting taxonomy shared by all packs; `maps_to` names the value of another scheme that it proposes. `keywords` are
    the words by which customers tell of it: where they occur in what was typed, the category is proposed.
    """

    id: Name
    title: Title
    children: tuple[CategoryNode, ...] = ()
    asks: tuple[Name, ...] = ()
    marks: dict[Name, str | bool] = {}
    common: Name | None = None
    maps_to: dict[Name, str] = {}
    measures: tuple[Name, ...] = ()
    keywords: tuple[str, ...] = ()
    retired: bool = False


class CategoryScheme(Ruled):
    """One way of sorting complaints. `several` allows more than one value on a case."""

    id: Name
    title: Title
    values: tuple[CategoryNode, ...]
    several: bool = False

    def walk(self) -> Iterator[tuple[str, CategoryNode]]:
        """Every (path, node), parents before children."""

        def below(prefix: str, nodes: tuple[CategoryNode, ...]) -> Iterator[tuple[str, CategoryNode]]:
            for node in nodes:
                path = prefix + node.id
                yield path, node
                yield from below(path + "/", node.children)

        return below("", self.values)

    @cached_property
    def _nodes(self) -> dict[str, CategoryNode]:
        return dict(self.walk())

    def node(self, path: str) -> CategoryNode | None:
        return self._nodes.get(path)

    @cached_property
    def offered(self) -> dict[str, Title]:
        """The values that may still be chosen, by path, with their titles."""
        return {path: node.title for path, node in self.walk() if not node.retired}


class Categories(Piece):
    """categories.yaml: the schemes (the first is the main one), the measures, and further named lists of choices."""

    schemes: tuple[CategoryScheme, ...]
    measures: dict[Name, Title] = {}
    outcomes: dict[Name, Title] = {}
    lists: dict[Name, dict[Name, Title]] = {}

    def scheme(self, scheme_id: str) -> CategoryScheme | None:
        return next((s for s in self.schemes if s.id == scheme_id), None)


class Acceptance(Ruled):
    """A rule that fills or marks facts when a case is registered, in order; the first that holds is taken."""

    when: Condition
    marks: dict[Name, str | bool]
