"""What the company's app hands in, read as the form of a kind: the pack says which part goes into which field."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from amends.core.policy.forms import Form
from amends.core.policy.intake import AppFormat
from amends.core.policy.pack import Pack
from amends.core.refusals import FieldError, InvalidData

SENTENCE = re.compile(r"[^。！？!?\n]+[。！？!?]?")


@dataclass(frozen=True, slots=True)
class AppFeedback:
    """The parts that came, each once; `parts` holds what was sent beside the customer."""

    customer: Mapping[str, str | None]
    parts: Mapping[str, Any]
    kind: str | None


@dataclass(frozen=True, slots=True)
class AsForm:
    """The kind and channel to register under, the data of its form, and where a fault of a field stands in what was sent."""

    kind: str
    channel: str
    data: dict[str, Any]
    places: dict[str, str]


def as_form(sent: AppFeedback, pack: Pack) -> AsForm:
    """The data of the form. Raises InvalidData for a desk without an app, an unknown kind, or a part that the kind does not take."""
    found = next(((n, c.app) for n, c in pack.channels.channels.items() if c.app and not c.retired), None)
    if found is None:
        raise InvalidData([FieldError("/desk", "no_app_channel", {"field": "受理台"})])
    channel, app = found
    name = sent.kind or app.kind
    kind = pack.channels.kinds.get(name)
    if kind is None or not kind.portal:
        raise InvalidData([FieldError("/kind", "unknown_choice", {"field": "个案类型", "value": name[:60]})])
    form = pack.forms[kind.form]
    _refuse_what_is_not_taken(sent, app, form)
    data: dict[str, Any] = {f"complainant_{n}": value for n, value in sent.customer.items() if n != "id" and value}
    places = {f"complainant_{n}": f"/customer/{n}" for n in ("name", "phone", "email")}
    for part, value in sent.parts.items():
        field = form.field(app.fields[part])  # type: ignore[index]
        if field is not None and value not in (None, "", []):
            data[field.id] = [{field.fields[0].id: value}] if field.type == "rows" else value
            places[field.id] = f"/{part}"
    data["subject"] = _first_sentence(str(sent.parts.get("text") or ""), form)
    places["subject"] = "/text"
    return AsForm(name, channel, {**_filled(sent, app, form), **data}, places)


def _refuse_what_is_not_taken(sent: AppFeedback, app: AppFormat, form: Form) -> None:
    """What the customer sent is never dropped without a word; who they are in the app alone may stay behind."""
    taken = {part for part, field in app.fields.items() if form.field(field) is not None} | {"customer_id"}
    left = [part for part, value in sent.parts.items() if value not in (None, "", []) and part not in taken]
    if left:
        raise InvalidData([FieldError(f"/{part}", "not_taken", {"kind": form.title}) for part in left])


def _first_sentence(text: str, form: Form) -> str:
    """What it is about in a line: the first sentence, cut to what the form takes."""
    subject = form.field("subject")
    first = SENTENCE.search(text.strip())
    return (first.group(0).strip() if first else "")[: (subject.max_length if subject else None) or 200]


def _filled(sent: AppFeedback, app: AppFormat, form: Form) -> dict[str, Any]:
    filled = {}
    for name, value in app.fills.items():
        if form.field(name) is not None:
            filled[name] = bool(sent.parts.get(value["given"])) if isinstance(value, Mapping) else value
    return filled
