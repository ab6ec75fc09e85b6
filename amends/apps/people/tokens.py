"""Tokens of the API that people make for themselves: what a token may be for, making one, taking it back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import get_args

from django.db import transaction
from django.db.models import QuerySet

from amends.apps.people.actions import create_token
from amends.apps.people.grounds import Manager
from amends.apps.people.models import ApiToken, Person
from amends.apps.people.organising import record_on
from amends.apps.policies.models import Desk
from amends.core.form_data import checked_text
from amends.core.policy.people import Right
from amends.core.refusals import CHOSEN, FieldError, InvalidData, Refusal, not_given
from amends.core.verbs import VERBS

LONGEST_LIFE_DAYS = 730
TOKENS_A_PERSON = 50
NAME_LENGTH = 80
SCOPES = frozenset({"read", "write", "all", *VERBS, *get_args(Right)})


class TooManyTokens(Refusal):
    """Somebody holds as many tokens as one person may."""

    code = "too_many_tokens"
    status = 409
    sentence = "您已有 %(limit)s 个有效令牌，请先撤销不用的。"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewToken:
    """What somebody wants a token for."""

    name: str
    scopes: Iterable[str]
    desks: Iterable[Desk]
    days: int


def tokens_of(person: Person) -> QuerySet[ApiToken]:
    """The person's tokens that were not taken back, the newest first; those that ran out are among them."""
    return ApiToken.objects.filter(person=person, revoked_at=None).order_by("-created_at", "-pk")


@transaction.atomic
def make_token(person: Person, wanted: NewToken, *, now: datetime) -> tuple[ApiToken, str]:
    """A token of one's own, and its secret, which is shown once. Raises InvalidData at what is wrong, and TooManyTokens."""
    name, scopes = (
        checked_text(wanted.name, pointer="/name", field="用途", limit=NAME_LENGTH).strip(),
        set(wanted.scopes),
    )
    _check(name, scopes, wanted.days)
    if tokens_of(person).filter(expires_at__gt=now).count() >= TOKENS_A_PERSON:
        raise TooManyTokens(limit=TOKENS_A_PERSON)
    token, secret = create_token(
        person=person, name=name, scopes=sorted(scopes), desks=wanted.desks, now=now, days=wanted.days
    )
    _record(token, "token_made", {"scopes": token.scopes, "days": wanted.days}, {"name": name}, now)
    return token, secret


@transaction.atomic
def withdraw_token(token: ApiToken, *, now: datetime) -> None:
    """A token that counts no more from the next request on; withdrawing it again changes nothing."""
    if ApiToken.objects.filter(pk=token.pk, revoked_at=None).update(revoked_at=now):
        _record(token, "token_withdrawn", {}, {}, now)


def _check(name: str, scopes: set[str], days: int) -> None:
    faults = []
    if not name:
        faults.append(FieldError("/name", "required", {"field": "用途"}))
    if not scopes:
        faults.append(not_given("/scopes", "权限范围", way=CHOSEN))
    faults += [
        FieldError("/scopes", "unknown_choice", {"field": "权限范围", "value": scope[:60]})
        for scope in sorted(scopes - SCOPES)
    ]
    if not 1 <= days <= LONGEST_LIFE_DAYS:
        code, limit = ("too_small", 1) if days < 1 else ("too_large", LONGEST_LIFE_DAYS)
        faults.append(FieldError("/days", code, {"field": "有效天数", "limit": limit}))
    if faults:
        raise InvalidData(faults)


def _record(
    token: ApiToken, kind: str, facts: Mapping[str, object], texts: Mapping[str, str], now: datetime
) -> None:  # fmt: skip
    """On the chains of the desks that the token is limited to; on that of the installation where it is limited to none."""
    codes = token.desks.order_by("code").values_list("code", flat=True)
    record_on(
        list(codes), kind, {"person": token.person_id, "token": token.pk, **facts}, texts, by=Manager(token.person, now)
    )
