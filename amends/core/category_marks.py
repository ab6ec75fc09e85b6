"""What follows from the categories chosen in a form: facts that they mark, and values of other schemes that they propose."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from amends.core.facts import CaseFacts
from amends.core.policy.forms import Form
from amends.core.policy.pack import Pack


def marks_of_categories(pack: Pack, form: Form, codes: Mapping[str, Any], known: CaseFacts) -> dict[str, Any]:
    """Facts that follow from the categories chosen, and proposals for other schemes that are still empty."""
    found: dict[str, Any] = {}
    for f in form.fields:
        if f.scheme and f.id in codes:
            chosen = codes[f.id]
            for path in chosen if isinstance(chosen, list) else [chosen]:
                found.update(_marks_of_path(pack, f.scheme, path, known))
    return found


def _marks_of_path(pack: Pack, scheme_id: str, path: str, known: CaseFacts) -> dict[str, Any]:
    """The marks of every category on the way down to the one chosen."""
    scheme = pack.categories.scheme(scheme_id)
    found: dict[str, Any] = {}
    parts = path.split("/")
    for depth in range(1, len(parts) + 1):
        node = scheme.node("/".join(parts[:depth])) if scheme else None
        if node is None:
            continue
        found.update(node.marks)
        found.update({other: target for other, target in node.maps_to.items() if known.value(other) is None})
    return found
