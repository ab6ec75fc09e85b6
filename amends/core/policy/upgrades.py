"""Packs published in an older format, read by a newer program: one small function a step, oldest first."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from amends.core.policy.forms import SENTENCES
from amends.core.policy.pack import FORMAT
from amends.core.policy.wording import place_of, placeholders_in

Step = Callable[[dict[str, Any]], dict[str, Any]]


def with_reasons_marked(raw: dict[str, Any]) -> dict[str, Any]:
    """Format 1 told the reason of a step by the ids of fields, and colleagues the only text of a form that had none of them."""
    said = raw.get("messages", {}).get("texts", {})
    saying = {name for name, texts in said.items() if "reason" in map(place_of, placeholders_in(str(texts)))}
    steps = raw["lifecycle"]["transitions"]
    colleagues = {t.get("form") for t in steps if any(notice["message"] in saying for notice in t.get("notifies", ()))}
    within = (t for kind in raw.get("proceedings", {}).values() for t in kind.get("transitions", ()))
    customers = {t.get("form") for t in (*steps, *within) if t.get("tells") or t.get("sends")}
    told = colleagues - customers
    return {**raw, "forms": {name: _with_reason(form, name in told) for name, form in raw["forms"].items()}}


def _with_reason(form: Mapping[str, Any], by_its_only_text: bool) -> dict[str, Any]:
    fields = form.get("fields", ())
    texts = [f["id"] for f in fields if f["type"] in SENTENCES]
    marked = {"reason", "answer_text", "result_text"}.intersection(texts)
    if not marked and by_its_only_text and len(texts) == 1:
        marked = set(texts)
    return {**form, "fields": [{**f, "reason": True} if f["id"] in marked else f for f in fields]}


STEPS: dict[int, Step] = {1: with_reasons_marked}
"""The function under n turns raw content of format n into format n + 1. Published content itself never changes."""


class FormatError(ValueError):
    """A pack was published by a newer program, or in a format that no step reads."""


def upgraded(
    raw: Mapping[str, Any], *, written: int, present: int = FORMAT, steps: Mapping[int, Step] | None = None
) -> dict[str, Any]:
    """Raw content that was written in format `written`, as the format `present` has it. Raises FormatError."""
    known = STEPS if steps is None else steps
    if written > present:
        raise FormatError(f"the pack has format {written}, and this program reads up to {present}")
    content = dict(raw)
    for number in range(written, present):
        if number not in known:
            raise FormatError(f"no step leads from format {number} to {number + 1}")
        content = known[number](content)
    return content
