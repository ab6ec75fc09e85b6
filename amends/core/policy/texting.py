"""texting.yaml: text messages of a desk: when nobody is disturbed, which templates are vetted, and messages to groups."""

from __future__ import annotations

from datetime import time
from typing import Annotated

from pydantic import BeforeValidator, Field, model_validator

from amends.core.policy.base import Name, Ruled, Title


def _clock(value: object) -> object:
    return time.fromisoformat(value) if isinstance(value, str) and len(value) == 5 else value


Clock = Annotated[time, BeforeValidator(_clock)]


class QuietHours(Ruled):
    """Between these hours of the desk's zone no text message leaves; they may run over midnight."""

    begins: Clock
    ends: Clock

    @model_validator(mode="after")
    def _are_hours(self) -> QuietHours:
        if self.begins == self.ends:
            raise ValueError("quiet hours begin and end at different times")
        return self


class GroupWording(Ruled):
    """A text for groups: placeholders `name`, `company` and `desk` are filled for each recipient, those of `asks` once.

    `templates` are the ids under which carriers vetted it.
    """

    title: Title
    text: Title
    asks: dict[Name, Title] = {}
    templates: dict[Name, str] = {}


class Groups(Ruled):
    """Messages to groups: from how many recipients a second person releases them, and when one counts as late."""

    second_person_from: int = Field(default=1, ge=1)
    late_after_minutes: int = Field(default=15, ge=1)
    wordings: dict[Name, GroupWording] = {}


class Texting(Ruled):
    """texting.yaml as a whole.

    `any_hour` names the messages that quiet hours do not hold back, `urgent_levels` the levels of cases whose notices
    reach staff at any hour.
    """

    quiet: QuietHours | None = None
    any_hour: tuple[Name, ...] = ()
    urgent_levels: tuple[Name, ...] = ()
    templates: dict[Name, dict[Name, str]] = {}
    groups: Groups | None = None


GROUP_PLACEHOLDERS = ("name", "company", "desk")
"""What every text for groups may mention without asking for it."""
