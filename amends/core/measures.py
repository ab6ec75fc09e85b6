"""Which measures a policy offers for the kind of problem at hand."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from amends.core.policy.pack import Pack

Shown = TypeVar("Shown")


def fitting_measures(pack: Pack, values: Mapping[str, Any]) -> list[str]:
    """The measures that the chosen categories name, in the order of the policy; those of a finer category come first."""
    schemes = {scheme.id: scheme.id for scheme in pack.categories.schemes}
    schemes |= {f.id: f.scheme for f in pack.fields.values() if f.scheme}
    found: dict[str, None] = {}
    for name, scheme_id in schemes.items():
        scheme, chosen = pack.categories.scheme(scheme_id), values.get(name)
        if scheme is None or not chosen:
            continue
        for path in chosen if isinstance(chosen, list) else [chosen]:
            for place in _from_the_finest(path):
                node = scheme.node(place)
                found |= dict.fromkeys(node.measures if node else ())
    return list(found)


def _from_the_finest(path: str) -> list[str]:
    parts = path.split("/")
    return ["/".join(parts[:depth]) for depth in range(len(parts), 0, -1)]


def fitting_first(options: Mapping[str, Shown], pack: Pack, values: Mapping[str, Any]) -> dict[str, Shown]:
    """The same choices of measures with the fitting ones before the rest."""
    first = [name for name in fitting_measures(pack, values) if name in options]
    return {name: options[name] for name in [*first, *(name for name in options if name not in first)]}
