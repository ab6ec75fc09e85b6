"""What requests may contain: strict, closed models, and their faults as field errors with JSON pointers."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from amends.core.refusals import FieldError, InvalidData, in_pointer

Model = TypeVar("Model", bound=BaseModel)


class Body(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Complainant(Body):
    """Who complains. Names and numbers are checked by the form of the kind."""

    name: str | None = None
    phone: str | None = None
    email: str | None = None
    address: str | None = None
    id_number: str | None = None
    kind: str | None = None


class NewCase(Body):
    """A contact to register. `answers` are the further fields of the kind's form."""

    desk: str
    kind: str
    channel: str
    complainant: Complainant = Complainant()
    subject: str | None = None
    description: str | None = None
    demand: str | None = None
    occurred_at: str | None = None
    received_at: str | None = None
    backdate_reason: str | None = None
    answers: dict[str, Any] = Field(default_factory=dict)


class Verb(Body):
    """A verb to perform on the case as it was seen (`version`), with the data of its form."""

    version: int = Field(ge=1, le=2**31)
    data: dict[str, Any] = Field(default_factory=dict)


class NewOnCase(Body):
    """A proceeding to begin on the case as it was seen (`version`), with the data of its form."""

    kind: str = Field(min_length=1, max_length=63)
    version: int = Field(ge=1, le=2**31)
    data: dict[str, Any] = Field(default_factory=dict)


class NewOnDesk(Body):
    """A proceeding that stands by itself, or lies `under` another one, which is named by its id."""

    desk: str = Field(min_length=1, max_length=63)
    kind: str = Field(min_length=1, max_length=63)
    under: str | None = Field(default=None, max_length=36)
    data: dict[str, Any] = Field(default_factory=dict)


class NewCall(Body):
    """A call that comes in: the number of the caller, the desk it is for, and the line it came on."""

    phone: str = Field(min_length=1, max_length=40)
    desk: str
    line: str | None = None


class AppCustomer(Body):
    """Whom the app knows: its own account, and how to reach them."""

    id: str | None = Field(default=None, max_length=64)
    name: str
    phone: str | None = None
    email: str | None = None


class NewFeedback(Body):
    """What the feedback function of the company's app hands in. `kind` is left out for a complaint; `attachments` are ids of
    `POST /uploads`, by the same token.
    """

    desk: str
    customer: AppCustomer
    text: str
    kind: str | None = None
    shipment: str | None = None
    demand: str | None = None
    category: str | None = None
    attachments: list[str] = Field(default_factory=list)


class NewPost(Body):
    """A post that was found on social media. `platform` is one of the pack's choices; `screenshots` are ids of `POST /uploads`."""

    desk: str
    platform: str
    author: str
    posted_at: str
    link: str
    text: str
    platform_other: str | None = None
    screenshots: list[str] = Field(default_factory=list)


class IgnoredPost(Body):
    """Why nothing is done about a post."""

    reason: str


class HandedOverPost(Body):
    """What the form of the case asks beyond the post itself."""

    data: dict[str, Any] = Field(default_factory=dict)


class Reveal(Body):
    """A masked field to see in full, and why."""

    field: str = Field(min_length=1, max_length=63)
    reason: str = Field(min_length=2, max_length=300)


def checked(model: type[Model], data: Any) -> Model:
    """The body as the model, or InvalidData with every fault at its pointer."""
    try:
        return model.model_validate(data)
    except ValidationError as error:
        raise InvalidData([_fault(fault) for fault in error.errors()]) from error


_CODES = {"missing": "required", "extra_forbidden": "unknown_field"}


def _fault(fault: Any) -> FieldError:
    place = [str(part) for part in fault["loc"]]
    name = place[-1] if place else ""
    pointer = "".join(f"/{in_pointer(part)}" for part in place)
    return FieldError(pointer, _CODES.get(fault["type"], "wrong_type"), {"field": name, "name": name[:60]})


def read_time(text: str | None, pointer: str) -> datetime | None:
    """A time with its offset, in UTC; None stays None. Raises InvalidData at the pointer."""
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError as error:
        raise InvalidData([FieldError(pointer, "bad_datetime", {"field": pointer.lstrip("/")})]) from error
    if moment.tzinfo is None:
        raise InvalidData([FieldError(pointer, "no_offset", {"field": pointer.lstrip("/")})])
    if not 1900 <= moment.year <= 2200:
        raise InvalidData([FieldError(pointer, "bad_datetime", {"field": pointer.lstrip("/")})])
    return moment.astimezone(UTC)
