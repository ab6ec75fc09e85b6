"""Steps of a process that may be left out: which are, and the policy with one of them switched off or on again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from amends.core.policy.pack import Pack
from amends.core.refusals import Refusal


class NotOptional(Refusal):
    """The policy does not name the step as one that may be left out."""

    code = "step_not_optional"
    status = 409
    sentence = "制度没有把这个环节列为可以停用的环节。"


def optional_steps(pack: Pack) -> list[str]:
    """The states of the process that the policy lets administrators switch off, in its order."""
    return [name for name, state in pack.lifecycle.states.items() if state.optional]


def with_step(raw: Mapping[str, Any], name: str, *, is_on: bool) -> dict[str, Any]:
    """The raw content of a policy with an optional step switched. Raises NotOptional."""
    states = raw["lifecycle"]["states"]
    if not states.get(name, {}).get("optional"):
        raise NotOptional
    state = {key: value for key, value in states[name].items() if key != "skipped"}
    if not is_on:
        state["skipped"] = True
    return {**raw, "lifecycle": {**raw["lifecycle"], "states": {**states, name: state}}}


def with_switches_of(raw: Mapping[str, Any], earlier: Mapping[str, Any]) -> Mapping[str, Any]:
    """The raw content with those optional steps switched off that are so in an earlier version: a new edition of a policy keeps them."""
    for name, state in earlier.get("lifecycle", {}).get("states", {}).items():
        if state.get("skipped") and raw.get("lifecycle", {}).get("states", {}).get(name, {}).get("optional"):
            raw = with_step(raw, name, is_on=False)
    return raw
