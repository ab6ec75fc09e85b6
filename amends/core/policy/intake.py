"""What comes in: kinds of contact, channels and their classes, category schemes, and the measures on offer."""

from __future__ import annotations

from collections.abc import Iterator

from amends.core.policy.base import Name, Piece, Ruled, Title
from amends.core.policy.conditions import Condition


class Kind(Ruled):
    """A kind of contact (complaint, enquiry, feedback …). `counts` says whether it is in complaint figures."""

    title: Title
    form: Name
    counts: bool = True
    internal: bool = False
    portal: bool = False


class Channel(Ruled):
    """A way in. `group` is the class the pack counts it under; `portal` opens it to the web form of customers."""

    title: Title
    group: Name
    portal: bool = False
    written: bool = False
    retired: bool = False


class Channels(Piece):
    """channels.yaml: kinds, channels, and the classes of channels."""

    kinds: dict[Name, Kind]
    groups: dict[Name, Title]
    channels: dict[Name, Channel]


class CategoryNode(Ruled):
    """A category; children refine it. A stored value is the path, for example `quality/damage`.

    `asks` names form fields that become due; `marks` sets facts (for example a key complaint); `common` maps to the
    reporting taxonomy shared by all packs; `maps_to` names the value of another scheme that it proposes.
    """

    id: Name
    title: Title
    children: tuple[CategoryNode, ...] = ()
    asks: tuple[Name, ...] = ()
    marks: dict[Name, str | bool] = {}
    common: Name | None = None
    maps_to: dict[Name, str] = {}
    measures: tuple[Name, ...] = ()
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

    def node(self, path: str) -> CategoryNode | None:
        return next((node for p, node in self.walk() if p == path), None)


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
