"""What a way in fills in by itself: the outlet and the employee at the counter, the number that called, when it did."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from amends.core.policy.forms import Form
from amends.core.policy.intake import Channel


def filled_in(channel: Channel, form: Form, data: Mapping[str, Any], known: Mapping[str, Any]) -> dict[str, Any]:
    """What `channel.fills` adds to a form: only fields that the form has and nobody filled in, and what is known.

    `known` gives `person`, `department` and `received_at` as a form takes them.
    """
    found = {}
    for name, fill in channel.fills.items():
        if form.field(name) is None or not _is_blank(data.get(name)):
            continue
        value = fill.value if fill.value is not None else data.get(fill.same_as) if fill.same_as else None
        value = known.get(fill.known) if fill.known else value
        if not _is_blank(value):
            found[name] = value
    return found


def _is_blank(value: Any) -> bool:
    return value is None or value == [] or (isinstance(value, str) and not value.strip())
